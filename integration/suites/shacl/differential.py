"""Compares our SHACL engine with pySHACL on random shapes and random small graphs.

Usage: differential.py ENGINE COUNT SEED, where ENGINE is the program `shacl` of the package `auditor` (cargo build -p auditor
--example shacl). Compared are conformity and the multiset of (focus, path, component). Prints each difference with its two
documents, and at the end how many results of each component were seen, so that an idle comparison shows.
"""

import collections
import json
import logging
import random
import subprocess
import sys

import pyshacl
import rdflib
from rdflib import RDF, SH, BNode, Graph, Literal, URIRef

# A literal is compared as it is written; that some are ill-formed is the point.
rdflib.NORMALIZE_LITERALS = False
logging.getLogger("rdflib.term").setLevel(logging.CRITICAL)

PREFIXES = """
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix e: <http://e/> .
"""
NODES = [f"e:n{i}" for i in range(5)]
CLASSES = ["e:A", "e:B", "e:C"]
PROPERTIES = ["e:p", "e:q", "e:r"]
LITERALS = [
    '1', '2', '3', '-1', '2.5', '"1.5"^^xsd:double', '"2.0"^^xsd:float', '"x"', '"xy"', '"abc"', '"Abc1"', '""',
    '"x"@en', '"y"@en', '"v"@en', '"u"@en', '"z"@de', '"w"@en-gb', 'true', 'false', '"2026-01-01"^^xsd:date', '"2026-02-30"^^xsd:date',
    '"2026-01-01T00:00:00+00:00"^^xsd:dateTime', '"2026-06-01T00:00:00+00:00"^^xsd:dateTime', '"x"^^xsd:integer', '"7"^^xsd:byte',
    '"1.5"^^xsd:integer', '"u"^^xsd:anyURI',
]
DATATYPES = ["integer", "string", "date", "dateTime", "boolean", "float", "double", "decimal", "byte", "anyURI"]
KINDS = ["IRI", "Literal", "BlankNode", "BlankNodeOrIRI", "BlankNodeOrLiteral", "IRIOrLiteral"]
NUMBERS = ["0", "1", "2", "3", "2.5"]
PATTERNS = ["^x", "b", "^[A-Z][a-z]+\\\\d$", "^(x|y)$", "^.{2,3}$"]


COMPONENTS = (
    "And Class Closed Datatype Disjoint Equals HasValue In LanguageIn LessThan LessThanOrEquals MaxCount MaxExclusive "
    "MaxInclusive MaxLength MinCount MinExclusive MinInclusive MinLength Node NodeKind Not Or Pattern QualifiedMaxCount "
    "QualifiedMinCount UniqueLang Xone"
).split()


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)
        # pySHACL has an order for IRIs, texts with a language and ill-formed values, which have none in SPARQL, and refuses to
        # compare blank nodes: where the order of values is asked for, there are only numbers and plain texts.
        self.ordered = self.random.random() < 0.5
        unordered = ("date", "dateTime", "boolean", "anyURI", "true", "false", "@en", "@de", "@en-gb", "^^xsd:integer")
        self.literals = [text for text in LITERALS if not (self.ordered and text.endswith(unordered))]

    def pick(self, choices):
        return self.random.choice(choices)

    def several(self, choices, low, high):
        return self.random.sample(choices, self.random.randint(low, min(high, len(choices))))

    def data(self):
        lines = []
        blanks = [f"_:b{i}" for i in range(0 if self.ordered else self.random.randint(0, 2))]
        for node in NODES + blanks:
            for kind in self.several(CLASSES, 0, 2):
                lines.append(f"{node} a {kind} .")
            for predicate in PROPERTIES:
                for _ in range(self.pick([0, 0, 1, 1, 2, 3])):
                    value = self.pick(NODES + blanks) if not self.ordered and self.random.random() < 0.5 else self.pick(self.literals)
                    lines.append(f"{node} {predicate} {value} .")
            if not self.ordered and self.random.random() < 0.4:
                lines.append(f'{node} {self.pick(PROPERTIES)} "x"@en, "v"@en .')
        if self.random.random() < 0.5:
            lines.append("e:B rdfs:subClassOf e:A .")
        if self.random.random() < 0.3:
            lines.append("e:C rdfs:subClassOf e:B .")
        return PREFIXES + "\n".join(lines)

    def path(self, depth=0):
        if self.ordered or depth > 1 or self.random.random() < 0.4:
            return self.pick(PROPERTIES)
        inner = lambda: self.path(depth + 1)
        return self.pick([
            # Of a sequence, pySHACL does not turn the order round.
            lambda: f"[ sh:inversePath {self.pick(PROPERTIES)} ]",
            lambda: f"( {inner()} {inner()} )",
            lambda: f"[ sh:alternativePath ( {inner()} {inner()} ) ]",
            lambda: f"[ sh:zeroOrMorePath {inner()} ]",
            lambda: f"[ sh:oneOrMorePath {inner()} ]",
            lambda: f"[ sh:zeroOrOnePath {inner()} ]",
        ])()

    def of_values(self, depth):
        """A constraint that node shapes and property shapes may have."""
        inner = lambda: self.shape(depth + 1)
        simple = [
            lambda: f"sh:class {self.pick(CLASSES)}",
            lambda: f"sh:datatype xsd:{self.pick(DATATYPES)}",
            lambda: f"sh:nodeKind sh:{self.pick(KINDS)}",
            lambda: f"sh:minLength {self.random.randint(1, 4)}",
            lambda: f"sh:maxLength {self.random.randint(0, 12)}",
            lambda: f'sh:pattern "{self.pick(PATTERNS)}"' + self.pick(["", ' ; sh:flags "i"']),
            lambda: 'sh:languageIn ( "en" )',
            lambda: f"sh:in ( {' '.join(self.several(NODES + self.literals, 1, 8))} )",
            lambda: f"sh:hasValue {self.pick(NODES + self.literals)}",
            lambda: f"sh:equals {self.pick(PROPERTIES)}",
            lambda: f"sh:disjoint {self.pick(PROPERTIES)}",
        ]
        bounds = ["minInclusive", "minExclusive", "maxInclusive", "maxExclusive"]
        if self.ordered:
            simple += [lambda: f"sh:{self.pick(bounds)} {self.pick(NUMBERS)}"] * 2
        nested = [
            lambda: f"sh:not {inner()}",
            lambda: f"sh:and ( {inner()} {inner()} )",
            lambda: f"sh:or ( {inner()} {inner()} )",
            lambda: f"sh:xone ( {inner()} {inner()} )",
            lambda: f"sh:node [ {self.constraints(depth + 1, False)} ]",
            lambda: f"sh:property {self.property(depth + 1)}",
        ]
        return self.pick(simple + (nested * 2 if depth < 3 else []))()

    def of_property(self, depth):
        qualified = f"sh:qualifiedValueShape {self.shape(depth + 2)} ; " + self.pick(
            ["sh:qualifiedMinCount 1", "sh:qualifiedMaxCount 1", "sh:qualifiedMinCount 1 ; sh:qualifiedMaxCount 2"])
        order = [
            lambda: f"sh:lessThan {self.pick(PROPERTIES)}",
            lambda: f"sh:lessThanOrEquals {self.pick(PROPERTIES)}",
        ]
        return self.pick((order if self.ordered else []) + [
            lambda: f"sh:minCount {self.random.randint(0, 2)}",
            lambda: f"sh:maxCount {self.random.randint(0, 2)}",
            lambda: "sh:uniqueLang true",
            lambda: "sh:uniqueLang true",
            lambda: qualified,
            lambda: qualified + " ; sh:qualifiedValueShapesDisjoint true",
        ])()

    def constraints(self, depth, is_property):
        found = {}
        for _ in range(self.random.randint(1, 3)):
            made = self.of_property(depth) if is_property and self.random.random() < 0.5 else self.of_values(depth)
            found.setdefault(made.split()[0], made)
        if not is_property and self.random.random() < 0.2:
            found["sh:closed"] = f"sh:closed true ; sh:ignoredProperties ( rdf:type {self.pick(PROPERTIES)} )"
        if self.random.random() < 0.03:
            found["sh:deactivated"] = "sh:deactivated true"
        if self.random.random() < 0.1:
            found["sh:severity"] = "sh:severity sh:Warning"
        return " ; ".join(found.values())

    def property(self, depth):
        return f"[ sh:path {self.path()} ; {self.constraints(depth, True)} ]"

    def shape(self, depth):
        return self.property(depth) if self.random.random() < 0.2 else f"[ {self.constraints(depth, False)} ]"

    def shapes(self):
        lines = []
        for number in range(self.random.randint(1, 3)):
            target = self.pick([
                f"sh:targetClass {self.pick(CLASSES)}", f"sh:targetNode {self.pick(NODES + ['e:absent', '1'])}",
                f"sh:targetSubjectsOf {self.pick(PROPERTIES)}", f"sh:targetObjectsOf {self.pick(PROPERTIES)}",
            ])
            parts = [self.constraints(0, False)]
            parts += [f"sh:property {self.property(0)}" for _ in range(self.random.randint(0, 3))]
            lines.append(f"e:S{number} a sh:NodeShape ; {target} ; {' ; '.join(parts)} .")
        if self.random.random() < 0.2:
            lines.append(f"{self.pick(CLASSES)} a sh:NodeShape, rdfs:Class ; {self.constraints(0, False)} .")
        return PREFIXES + "\n".join(lines)


def path_text(graph, node):
    if isinstance(node, URIRef):
        return node.n3()
    inner = lambda node: path_text(graph, node) if isinstance(node, URIRef) else f"({path_text(graph, node)})"
    joined = lambda head, by: by.join(inner(item) for item in graph.items(head))
    if (node, RDF.first, None) in graph:
        return joined(node, "/")
    for predicate, form in [
        (SH.inversePath, "^{}"), (SH.zeroOrMorePath, "{}*"), (SH.oneOrMorePath, "{}+"), (SH.zeroOrOnePath, "{}?"),
    ]:
        value = graph.value(node, predicate)
        if value is not None:
            return form.format(inner(value))
    return joined(graph.value(node, SH.alternativePath), "|")


def theirs(case):
    data = Graph().parse(data=case["data"], format="turtle")
    shapes = Graph().parse(data=case["shapes"], format="turtle")
    conforms, report, _ = pyshacl.validate(data, shacl_graph=shapes, inference="none", advanced=False)
    found = []
    for result in report.subjects(RDF.type, SH.ValidationResult):
        if (None, SH.detail, result) in report:
            continue
        focus = report.value(result, SH.focusNode)
        path = report.value(result, SH.resultPath)
        text = None if path is None else str(path) if isinstance(path, URIRef) else path_text(report, path)
        component = str(report.value(result, SH.sourceConstraintComponent)).split("#")[1]
        # Two spellings of one number are two terms for us and for SPARQL's sameTerm.
        found.append(["_:" if isinstance(focus, BNode) else focus_text(focus), text, component])
    return conforms, found


def once_for_order(results):
    """SHACL wants one result for each pair that is out of order, pySHACL stops earlier: whether there is one is compared."""
    ordered = [result for result in results if result[2].startswith("LessThan")]
    return sorted([r for r in results if r not in ordered] + [list(r) for r in set(map(tuple, ordered))], key=str)


def focus_text(term):
    if isinstance(term, Literal):
        plain = Graph()
        plain.add((URIRef("http://e/s"), URIRef("http://e/p"), term))
        return plain.serialize(format="nt").strip()[len("<http://e/s> <http://e/p> "):-2]
    return term.n3()


def main(engine, count, seed):
    cases = []
    for number in range(count):
        maker = Maker(f"{seed}/{number}")
        cases.append({"shapes": maker.shapes(), "data": maker.data()})
    lines = "".join(json.dumps(case) + "\n" for case in cases)
    answers = subprocess.run([engine], input=lines, capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(answers) == count, "our engine did not answer every case"
    components, differing, refused, open_cases = collections.Counter(), 0, 0, 0
    for number, (case, answer) in enumerate(zip(cases, answers)):
        ours = json.loads(answer)
        if ours["not_checked"]:
            open_cases += 1
        try:
            conforms, found = theirs(case)
        except Exception as error:  # pySHACL refuses some shapes that it calls ill-formed
            refused += 1
            if refused <= 3:
                print(f"case {number}: pySHACL refuses: {type(error).__name__} {str(error)[:120]!r}")
            continue
        mine, found = once_for_order(ours["results"]), once_for_order(found)
        components.update(component for _, _, component in mine)
        if mine != found or ours["conforms"] is not conforms:
            differing += 1
            if differing <= 5:
                print(f"--- case {number}: conforms {ours['conforms']} / {conforms}")
                a, b = (collections.Counter(map(str, x)) for x in (mine, found))
                print("only ours:", a - b, "\nonly pySHACL:", b - a)
                print(case["shapes"], case["data"], sep="\n")
    print(f"{count} cases, {differing} differ, {refused} refused by pySHACL, {open_cases} not fully checked by us")
    idle = [name for name in COMPONENTS if not components[name + "ConstraintComponent"]]
    if count >= 1000 and idle:
        differing += 1
        print(f"FAILED nothing was found of {', '.join(idle)}: the comparison is idle")
    print(", ".join(f"{name.removesuffix('ConstraintComponent')} {times}" for name, times in sorted(components.items())))
    print(f"{count - refused - differing} passed, {differing} failed, {refused} skipped")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
