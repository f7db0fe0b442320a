"""The same operations as `bench/benches/peers.rs`, by Python packages of others: PyJWT, PyLD with cryptography, pySHACL.

Usage: measure.py DOCUMENTS [GAIA_X]. CPU time of the process, several windows, the median, as there. Prints
`who<tab>operation<tab>operations per CPU second` for each.
"""

import hashlib
import json
import pathlib
import sys
import time

import jwt
import pyshacl
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pyld import jsonld
from rdflib import Graph

WINDOWS = 5
WINDOW = 0.2
ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
CONTEXTS = {
    "https://www.w3.org/ns/credentials/v2": "contexts/w3c-credentials-v2.jsonld",
    "https://w3id.org/gaia-x/2511#": "contexts/gx-2511-derived.jsonld",
}


def rate(who, operation, call, count, windows=WINDOWS):
    """Operations per CPU second; `call` gets the number of a document."""
    calls = 0
    rates = []
    for window in range(windows + 1):
        start, done, spent = time.process_time(), 0, 0.0
        while spent < WINDOW:
            call(calls % count)
            calls += 1
            done += 1
            spent = time.process_time() - start
        if window:  # the first one warms up
            rates.append(done / spent)
    print(f"{who}\t{operation}\t{sorted(rates)[windows // 2]}", flush=True)


def base58(raw):
    number, text = int.from_bytes(raw, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = ALPHABET[digit] + text
    return "1" * (len(raw) - len(raw.lstrip(b"\0"))) + text


def loader(gaia_x):
    documents = {iri: json.loads((gaia_x / file).read_text()) for iri, file in CONTEXTS.items()}

    def load(iri, _options):
        return {"contentType": None, "contextUrl": None, "documentUrl": iri, "document": documents[iri]}

    return load


def main(documents, gaia_x):
    paths = sorted(path for path in documents.glob("*.json") if path.stem.isdigit())
    unsigned = [json.loads(path.read_text()) for path in paths]
    inline = [json.loads(path.with_suffix(".inline.json").read_text()) for path in paths]
    tokens = [path.with_suffix(".jwt").read_text() for path in paths]
    about = json.loads((documents / "key.json").read_text())
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(about["seed"]))
    header = {"typ": "vc+jwt", "cty": "vc", "kid": about["method"], "iss": about["issuer"]}

    rate("PyJWT", "issue vc+jwt", lambda at: jwt.encode(unsigned[at], key, "EdDSA", header), len(paths))
    public = key.public_key()
    options = {"verify_aud": False}
    rate("PyJWT", "verify vc+jwt", lambda at: jwt.decode(tokens[at], public, ["EdDSA"], options), len(paths))
    if not gaia_x:
        return

    load = loader(gaia_x)
    normal = {"algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": load}

    def issue_rdfc(at):
        document = inline[at]
        proof = {
            "type": "DataIntegrityProof", "cryptosuite": "eddsa-rdfc-2022", "created": about["created"],
            "verificationMethod": about["method"], "proofPurpose": "assertionMethod",
        }
        hashes = b"".join(
            hashlib.sha256(jsonld.normalize(one, normal).encode()).digest()
            for one in ({"@context": document["@context"], **proof}, document)
        )
        return {**document, "proof": {**proof, "proofValue": "z" + base58(key.sign(hashes))}}

    ours = json.loads(paths[0].with_suffix(".rdfc").read_text())
    assert issue_rdfc(0)["proof"]["proofValue"] == ours["proof"]["proofValue"], "theirs and ours are the same proof"
    rate("PyLD", "issue eddsa-rdfc-2022", issue_rdfc, len(paths))

    shapes = Graph().parse(gaia_x / "ontology-2511" / "shapes.ttl")
    subject = {"@context": unsigned[0]["@context"], **unsigned[0]["credentialSubject"]}
    data = Graph().parse(gaia_x / "ontology-2511" / "ontology-hierarchy.ttl")
    lines = jsonld.to_rdf(subject, {"format": "application/n-quads", "documentLoader": load})
    data.parse(data=lines, format="nquads")

    def conforms(_at):
        conforms, _, text = pyshacl.validate(data, shacl_graph=shapes, inference="none")
        assert conforms, text

    rate("pySHACL", "SHACL", conforms, 1, windows=3)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None)
