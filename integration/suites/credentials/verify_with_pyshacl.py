"""Checks the subjects of our credentials with pySHACL against the shapes of Gaia-X and our own, and that they can refuse.

Usage: verify_with_pyshacl.py DIR GAIA_X VOCABULARY, where GAIA_X holds `contexts`, `ontology-2511` and
`ontology-development`, and VOCABULARY our own shapes. Where a credential has its statements beside it (*.nq), they are
compared with what pyld makes of it, under every date of the Gaia-X context. Nothing is fetched: a context that is not
there is an error.
"""

import base64
import copy
import json
import pathlib
import sys

import pyshacl
from pyld import jsonld
from rdflib import RDF, SH, Graph

W3C = ("https://www.w3.org/ns/credentials/v2", "contexts/w3c-credentials-v2.jsonld")
NAMESPACE = "https://w3id.org/gaia-x/{}#"
# The contexts that stood behind one address at different times; the namespace is put in place.
OCTOBER_2025 = "contexts/gx-development-2025-10.jsonld"
JULY_2026 = "ontology-development/gx.context.jsonld"
DERIVED_2511 = "contexts/gx-2511-derived.jsonld"
PREFIXES = {
    "gx": "https://w3id.org/gaia-x/2511#",
    "schema": "https://schema.org/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "avow": "https://w3id.org/avow/v1#",
    "dct": "http://purl.org/dc/terms/",
    "qudt": "http://qudt.org/schema/qudt/",
}


def loader(gaia_x, dates):
    """Loads the W3C's context, and for each version of the ontology the one file given."""
    documents = {W3C[0]: json.loads((gaia_x / W3C[1]).read_text())}
    for version, file in dates.items():
        text = (gaia_x / file).read_text().replace(NAMESPACE.format("development"), NAMESPACE.format(version))
        documents[NAMESPACE.format(version)[:-1]] = json.loads(text)

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


def statements(document, gaia_x, dates):
    options = {"algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": loader(gaia_x, dates)}
    # U+007F is written by number since RDFC-1.0; PyLD 3.3 knows the older form only.
    return jsonld.normalize(document, options).replace("\x7f", "\\u007F")


class Shapes:
    def __init__(self, shapes, hierarchy=None):
        self.shapes = Graph().parse(shapes)
        self.hierarchy = Graph().parse(hierarchy) if hierarchy else Graph()

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


def main(directory, gaia_x, vocabulary):
    jsonld.set_document_loader(loader(gaia_x, {"2511": DERIVED_2511, "development": JULY_2026}))
    payloads = {path.name: payload(path) for path in sorted(directory.glob("*.jwt"))}
    credentials = {name: one for name, one in payloads.items() if "credentialSubject" in one}  # and no presentation
    subjects = [subject_of(credential) for credential in credentials.values()]
    of_gaia_x = [subject for subject in subjects if subject["type"].startswith("gx:")]
    our_own = [subject for subject in subjects if subject["type"].startswith("avow:")]
    # What a small plane says, without the specimens: enough to be broken, and quick.
    plane = [subject for subject in of_gaia_x if not subject["id"].startswith("https://cloud.example/subjects/")]
    in_development = {path.name: json.loads(path.read_text()) for path in sorted(directory.glob("development/*.json"))}
    shapes = Shapes(gaia_x / "ontology-2511/shapes.ttl", gaia_x / "ontology-2511/ontology-hierarchy.ttl")
    own_shapes = Shapes(vocabulary / "avow-v1.shapes.ttl")
    status = 0

    def check(name, body):
        nonlocal status
        try:
            body()
            print(f"ok pySHACL {name}", flush=True)
        except Exception as error:  # whatever the engine raises, it is a refusal
            status = 1
            print(f"FAILED pySHACL {name}: {type(error).__name__} {first_line(error)}", flush=True)

    def conform(known, subjects):
        assert subjects, "no credential of such a class"
        found = known.violations(subjects)
        assert not found, sorted(found)

    def refuses(kind, change, component, path):
        found = shapes.violations(broken(plane or of_gaia_x, kind, change))
        assert (component, PREFIXES["gx"] + path) in found, f"expected {component} at {path}, got {sorted(found)}"

    def our_shapes_refuse(kind, change, component, path):
        found = own_shapes.violations(broken(our_own, kind, change))
        assert (component, PREFIXES["avow"] + path) in found, f"expected {component} at {path}, got {sorted(found)}"

    def same_statements(file, credential):
        ours = (directory / file).with_suffix(".nq").read_text()
        for date in (OCTOBER_2025, JULY_2026, DERIVED_2511):
            theirs = statements(credential, gaia_x, {"2511": date})
            assert ours == theirs, f"under {date}: {sorted(set(ours.splitlines()) ^ set(theirs.splitlines()))[:4]}"

    def same_in_development(document):
        dates = [statements(document, gaia_x, {"development": date}) for date in (OCTOBER_2025, JULY_2026)]
        assert dates[0] == dates[1], "the date of the context changes what is said"

    for file, subject in zip(credentials, subjects):
        check(f"no property of {file} is lost in RDF", lambda: nothing_is_lost(subject))
    for file, credential in credentials.items():
        if (directory / file).with_suffix(".nq").exists():
            check(f"{file} says the same under every context", lambda: same_statements(file, credential))
    for file, document in in_development.items():
        check(f"development/{file} says the same under every context", lambda: same_in_development(document))
    check(f"the {len(of_gaia_x)} Gaia-X subjects conform", lambda: conform(shapes, of_gaia_x))
    check(f"our own {len(our_own)} subjects conform", lambda: conform(own_shapes, our_own))
    if in_development:
        development = Shapes(gaia_x / "ontology-development/gx.shacl.ttl", gaia_x / "ontology-development/gx.hierarchy.ttl")
        known = [subject_of(document) for document in in_development.values()]
        known = [subject for subject in known if subject["type"].startswith("gx:")]
        check(f"the {len(known)} Gaia-X subjects conform in the development version", lambda: conform(development, known))
    def our_context_stands_beside_the_others():
        context = json.loads((vocabulary / "avow-v1.jsonld").read_text())["@context"]
        document = {"@context": [W3C[0], context], "id": "urn:x", "type": "NodeEvidence", "sequence": 7, "node": "urn:y"}
        [node] = jsonld.expand(document)
        assert node["@type"] == [PREFIXES["avow"] + "NodeEvidence"], node
        assert node[PREFIXES["avow"] + "node"] == [{"@id": "urn:y"}], node

    check("our context stands beside the W3C's", our_context_stands_beside_the_others)
    check("our shapes refuse a node with a property more", lambda: our_shapes_refuse(
        "avow:NodeHardware", lambda node: node.update({"avow:zone": {"id": "urn:x"}}),
        "ClosedConstraintComponent", "zone"))
    check("our shapes refuse evidence without a key", lambda: our_shapes_refuse(
        "avow:NodeEvidence", lambda evidence: evidence.pop("avow:reportKey"),
        "MinCountConstraintComponent", "reportKey"))
    if any(subject["type"] == "avow:IndependenceVerdict" for subject in our_own):
        check("our shapes refuse an outcome that there is not", lambda: our_shapes_refuse(
            "avow:IndependenceVerdict", lambda verdict: verdict.update({"avow:outcome": "probably"}),
            "InConstraintComponent", "outcome"))
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
    sys.exit(main(*map(pathlib.Path, sys.argv[1:4])))
