"""Runs the W3C's SHACL core test suite through our engine.

Usage: w3c.py ENGINE TESTS, where TESTS holds `core/`, each test with the report it expects. Compared are conformity and the
multiset of (focus, path, component). One line for each test; a failing one shows what differs.
"""

import json
import logging
import pathlib
import subprocess
import sys

import rdflib
from rdflib import RDF, SH, BNode, Graph, Namespace, URIRef

from differential import focus_text, path_text

# A literal is compared as it is written; that some are ill-formed is the point.
rdflib.NORMALIZE_LITERALS = False
logging.getLogger("rdflib.term").setLevel(logging.CRITICAL)

MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
SHT = Namespace("http://www.w3.org/ns/shacl-test#")


def read(address):
    return Graph().parse(address, format="turtle", publicID=address)


def cases_of(path):
    """The tests of a file: name, shapes and data as N-Triples, and what the W3C expects."""
    graph = read(path.as_uri())
    for test in graph.subjects(RDF.type, SHT.Validate):
        action, result = graph.value(test, MF.action), graph.value(test, MF.result)
        text = lambda predicate: read(str(graph.value(action, predicate))).serialize(format="nt")
        case = {"shapes": text(SHT.shapesGraph), "data": text(SHT.dataGraph)}
        yield f"{path.parent.name}/{path.stem}", case, expected(graph, result)


def expected(graph, report):
    found = []
    for result in graph.objects(report, SH.result):
        focus, path = graph.value(result, SH.focusNode), graph.value(result, SH.resultPath)
        text = None if path is None else str(path) if isinstance(path, URIRef) else path_text(graph, path)
        component = str(graph.value(result, SH.sourceConstraintComponent)).split("#")[1]
        found.append(["_:" if isinstance(focus, BNode) else focus_text(focus), text, component])
    return bool(graph.value(report, SH.conforms)), sorted(found, key=str)


def main(engine, tests):
    files = sorted(pathlib.Path(tests).resolve().glob("core/**/*.ttl"))
    cases = [case for path in files for case in cases_of(path)]
    if len(cases) < 90:
        print(f"FAILED w3c: {len(cases)} tests are not the suite")
        return 1
    lines = "".join(json.dumps(case) + "\n" for _, case, _ in cases)
    # What the engine cannot read ends it: then the answers are too few, and its own message says why.
    ran = subprocess.run([engine], input=lines, capture_output=True, text=True)
    answers = [json.loads(line) for line in ran.stdout.splitlines()]
    failed = 0
    for (name, _, (conforms, wanted)), answer in zip(cases, answers):
        ours = sorted(answer["results"], key=str)
        if (answer["conforms"], ours) == (conforms, wanted):
            print(f"ok w3c {name}")
        else:
            failed += 1
            print(f"FAILED w3c {name}: conforms {answer['conforms']}, expected {conforms}; {ours}, expected {wanted}; {answer['not_checked']}")
    if len(answers) != len(cases):
        failed += 1
        print(f"FAILED w3c {cases[len(answers)][0]}: the engine ended: {ran.stderr.strip()}")
    print(f"{len(answers)} of {len(cases)} tests of the W3C answered")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
