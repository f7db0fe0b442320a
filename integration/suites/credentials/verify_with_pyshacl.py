"""Checks the subjects of our credentials with pySHACL against the shapes of Gaia-X 25.11, and that they can refuse.

Usage: verify_with_pyshacl.py DIR GAIA_X, where GAIA_X holds `contexts` and `ontology-2511`. Nothing is fetched: a context
that is not there is an error.
"""

import base64
import copy
import json
import pathlib
import sys

import pyshacl
from pyld import jsonld
from rdflib import RDF, SH, Graph

CONTEXTS = {
    "https://www.w3.org/ns/credentials/v2": "w3c-credentials-v2.jsonld",
    "https://w3id.org/gaia-x/2511": "gx-2511-derived.jsonld",
}
PREFIXES = {
    "gx": "https://w3id.org/gaia-x/2511#",
    "schema": "https://schema.org/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "avow": "https://w3id.org/avow/v1#",
}


def loader(contexts):
    documents = {iri: json.loads((contexts / file).read_text()) for iri, file in CONTEXTS.items()}

    def load(iri, _options):
        document = documents.get(iri.split("#")[0])
        if document is None:
            raise LookupError(f"no copy of the context {iri}")
        return {"contentType": "application/ld+json", "contextUrl": None, "documentUrl": iri, "document": document}

    return load


def payload(path):
    part = path.read_text().strip().split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def subject_of(credential):
    return {"@context": credential["@context"], **credential["credentialSubject"]}


def written_terms(node):
    """The properties of a compact document, spelled out: what must not be lost on the way to RDF."""
    if isinstance(node, list):
        return set().union(*map(written_terms, node))
    if not isinstance(node, dict) or "@value" in node:
        return set()
    found = set()
    for name, value in node.items():
        if name in ("@context", "id", "type"):
            continue
        prefix, colon, rest = name.partition(":")
        assert colon and prefix in PREFIXES, f"`{name}` has no known prefix"
        found |= {PREFIXES[prefix] + rest} | written_terms(value)
    return found


def expanded_terms(node):
    if isinstance(node, list):
        return set().union(*map(expanded_terms, node))
    if not isinstance(node, dict) or "@value" in node:
        return set()
    names = {name for name in node if not name.startswith("@")}
    return names.union(*(expanded_terms(node[name]) for name in names))


def nothing_is_lost(subject):
    written, expanded = written_terms(subject), expanded_terms(jsonld.expand(subject))
    assert written == expanded, f"lost or changed: {sorted(written ^ expanded)}"


class Shapes:
    def __init__(self, ontology):
        self.shapes = Graph().parse(ontology / "shapes.ttl")
        self.hierarchy = Graph().parse(ontology / "ontology-hierarchy.ttl")

    def violations(self, subjects):
        """What the shapes say of all subjects in one graph, as (component, path). The class hierarchy belongs to it."""
        data = Graph()
        for subject in subjects:
            data.parse(data=jsonld.to_rdf(subject, {"format": "application/n-quads"}), format="nquads")
        for triple in self.hierarchy:
            data.add(triple)
        conforms, report, _ = pyshacl.validate(data, shacl_graph=self.shapes, inference="none")
        found = {
            (str(report.value(result, SH.sourceConstraintComponent)).split("#")[1],
             str(report.value(result, SH.resultPath)))
            for result in report.subjects(RDF.type, SH.ValidationResult)
        }
        assert conforms == (not found), report.serialize()
        return found


def broken(subjects, kind, change):
    """The same subjects, with the first one of a class changed."""
    subjects = copy.deepcopy(subjects)
    change(next(subject for subject in subjects if subject["type"] == kind))
    return subjects


def first_line(error):
    return str(error).partition("\n")[0]


def main(directory, gaia_x):
    jsonld.set_document_loader(loader(gaia_x / "contexts"))
    credentials = {path.name: payload(path) for path in sorted(directory.glob("*.jwt"))}
    subjects = [subject_of(credential) for credential in credentials.values()]
    gaia_x_subjects = [subject for subject in subjects if subject["type"].startswith("gx:")]
    shapes = Shapes(gaia_x / "ontology-2511")
    status = 0

    def check(name, body):
        nonlocal status
        try:
            body()
            print(f"ok pySHACL {name}", flush=True)
        except Exception as error:  # whatever the engine raises, it is a refusal
            status = 1
            print(f"FAILED pySHACL {name}: {type(error).__name__} {first_line(error)}", flush=True)

    def conforms():
        assert gaia_x_subjects, "no credential of a Gaia-X class"
        found = shapes.violations(gaia_x_subjects)
        assert not found, sorted(found)

    def refuses(kind, change, component, path):
        found = shapes.violations(broken(gaia_x_subjects, kind, change))
        assert (component, PREFIXES["gx"] + path) in found, f"expected {component} at {path}, got {sorted(found)}"

    for file, subject in zip(credentials, subjects):
        check(f"no property of {file} is lost in RDF", lambda: nothing_is_lost(subject))
    check(f"the {len(gaia_x_subjects)} Gaia-X subjects conform", conforms)
    check("refuses a zone with a property more", lambda: refuses(
        "gx:AvailabilityZone", lambda zone: zone.update({"gx:location": zone["gx:address"]}),
        "ClosedConstraintComponent", "location"))
    check("refuses a datacenter without zones", lambda: refuses(
        "gx:Datacenter", lambda site: site.pop("gx:aggregationOfResources"),
        "MinCountConstraintComponent", "aggregationOfResources"))
    check("refuses a legal person without a registration number", lambda: refuses(
        "gx:LegalPerson", lambda person: person.pop("gx:registrationNumber"),
        "MinCountConstraintComponent", "registrationNumber"))
    return status


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])))
