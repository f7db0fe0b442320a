"""Compares the statements that we write with those that PyLD reads out of our documents.

Usage: compare_with_pyld.py DIR GAIA_X. DIR holds pairs NAME.json (a document without proof) and NAME.nq (its canonical
N-Quads, as we hash them). Every document is read under every context of the generations of Gaia-X that bears its address:
what a document means must not depend on the date of the context. Nothing is fetched.
"""

import json
import pathlib
import sys

from pyld import jsonld

CREDENTIALS = ("https://www.w3.org/ns/credentials/v2", "contexts/w3c-credentials-v2.jsonld")
# Several files stand behind one address, at different dates.
GENERATIONS = {
    "https://w3id.org/gaia-x/2511#": {"2511": "contexts/gx-2511-derived.jsonld"},
    "https://w3id.org/gaia-x/development#": {
        "October 2025": "contexts/gx-development-2025-10.jsonld",
        "July 2026": "ontology-development/gx.context.jsonld",
    },
}


def loader(gaia_x, address, file):
    documents = {iri: json.loads((gaia_x / name).read_text()) for iri, name in [CREDENTIALS, (address, file)] if name}

    def load(iri, _options):
        if iri not in documents:
            raise LookupError(f"no copy of the context {iri}")
        return {"contentType": None, "contextUrl": None, "documentUrl": iri, "document": documents[iri]}

    return load


def canonical(document, load):
    options = {"algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": load}
    jsonld._resolved_context_cache.clear()  # the same address stands for another file the next time
    return jsonld.normalize(document, options)


def generations(document):
    """The contexts under which this document is read: name, address, file."""
    for address, files in GENERATIONS.items():
        if address in document["@context"]:
            return [(name, address, file) for name, file in files.items()]
    return [("no Gaia-X context", None, None)]


def main(directory, gaia_x):
    status = 0

    def check(name, body):
        nonlocal status
        try:
            body()
            print(f"ok PyLD {name}", flush=True)
        except Exception as error:  # whatever a processor raises, it is a refusal
            status = 1
            print(f"FAILED PyLD {name}: {type(error).__name__} {' '.join(str(error).split())[:300]}", flush=True)

    def same(document, expected, address, file):
        found = canonical(document, loader(gaia_x, address, file))
        assert found == expected, f"differs in {sorted(set(found.splitlines()) ^ set(expected.splitlines()))[:4]}"

    def a_word_more_changes_them(document, expected, address, file):
        changed = {**document, "name": "a name more"}
        assert canonical(changed, loader(gaia_x, address, file)) != expected, "nothing changed"

    paths = sorted(path for path in directory.glob("*.json") if path.with_suffix(".nq").exists())
    for path in paths:
        document, expected = json.loads(path.read_text()), path.with_suffix(".nq").read_text()
        for name, address, file in generations(document):
            check(f"reads {path.name} as we write it ({name})", lambda: same(document, expected, address, file))
            check(f"sees a change in {path.name} ({name})",
                  lambda: a_word_more_changes_them(document, expected, address, file))
    check("finds documents", lambda: paths or sys.exit("no pair of NAME.json and NAME.nq"))
    return status


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])))
