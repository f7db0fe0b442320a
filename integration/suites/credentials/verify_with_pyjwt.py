"""Checks credentials and presentations with PyJWT and cryptography, knowing of them only what the standards say.

Usage: verify_with_pyjwt.py DIR, with *.jwt and perhaps expected.json (documents.mjs says what stands in it). Nothing of
this is generated from our code.
"""

import base64
import json
import pathlib
import sys
from datetime import datetime, timezone

import jwt
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
ALGORITHMS = ["EdDSA", "ES256", "PS256"]
ENVELOPE = "data:application/vc+jwt,"


def decode(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def encode(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def no_doubles(pairs):
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names)), f"a member stands twice: {names}"
    return dict(pairs)


def strict_json(part):
    return json.loads(decode(part), object_pairs_hook=no_doubles)


def time_of(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def key_of_did_key(did):
    """The key of a did:key: multibase z (base58btc), multicodec, Ed25519 or a compressed point of P-256."""
    assert did.startswith("did:key:z"), did
    number = 0
    for character in did.removeprefix("did:key:z"):
        number = number * 58 + ALPHABET.index(character)
    raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
    if raw[:2] == b"\xed\x01":
        return Ed25519PublicKey.from_public_bytes(raw[2:])
    assert raw[:2] == b"\x80\x24", "multicodec of the did:key"
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw[2:])


class Issuers:
    """The keys of the issuers, from what expected.json hands in."""

    def __init__(self, expected, now):
        self.documents = expected.get("documents", {})
        self.files = expected.get("files", {})
        self.roots = expected.get("roots")
        self.now = now

    def key_of(self, header):
        did = header["iss"]
        if did.startswith("did:key:"):
            return key_of_did_key(did)
        document = self.documents[did]
        assert document["id"] == did, document["id"]
        assert header["kid"] in document["assertionMethod"], "no assertion method"
        [method] = [method for method in document["verificationMethod"] if method["id"] == header["kid"]]
        assert method["controller"] == did and method["type"] == "JsonWebKey2020", method
        jwk = method["publicKeyJwk"]
        assert jwk["alg"] == header["alg"], "alg of the key and of the header"
        # PyJWK does not know what PS256 is by the key alone, so that it is told.
        key = jwt.PyJWK(jwk, algorithm=header["alg"]).key
        if self.roots:
            self.check_chain(key, self.files[jwk["x5u"]], did)
        return key

    def check_chain(self, key, pem, did):
        """Leaf to self-signed root: every signature and name, validity, the host's name, and that the leaf has the key.

        The path validation of cryptography is that of the public web's authorities, who issue no Ed25519 leaves.
        """
        chain = x509.load_pem_x509_certificates(pem.encode())
        assert chain[0].public_key() == key, "the leaf has another key"
        names = chain[0].extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert did.split(":")[2].split("%3A")[0] in names.get_values_for_type(x509.DNSName), "the leaf is of another host"
        for one, above in zip(chain, [*chain[1:], chain[-1]]):
            one.verify_directly_issued_by(above)
            assert one.not_valid_before_utc <= self.now <= one.not_valid_after_utc, f"{one.subject} is not valid now"
        assert chain[-1] in x509.load_pem_x509_certificates(self.roots.encode()), "the root is not trusted"


def verify(token, issuers):
    key = issuers.key_of(jwt.get_unverified_header(token))
    # The times of a JWT are not those of the credential; what stands in the payload is checked below.
    return jwt.decode_complete(token, key, algorithms=ALGORITHMS, options={"verify_aud": False})


def check_envelope(verified, now, typ, cty):
    header, document = verified["header"], verified["payload"]
    assert header["typ"] == typ, header
    assert header["cty"] == cty, header
    assert header["kid"].startswith(header["iss"] + "#"), header
    assert document["issuer"] == header["iss"], document["issuer"]
    assert document.get("iss", header["iss"]) == header["iss"], document["iss"]
    assert time_of(document["validFrom"]) <= now, "valid from"
    assert "validUntil" not in document or now <= time_of(document["validUntil"]), "valid until"
    return document


def check_document(token, issuers, now, wanted):
    verified = verify(token, issuers)
    if verified["header"]["typ"] == "vp+jwt":
        presentation = check_envelope(verified, now, "vp+jwt", "vp")
        found = []
        for one in presentation["verifiableCredential"]:
            assert one["type"] == "EnvelopedVerifiableCredential" and one["id"].startswith(ENVELOPE), one["type"]
            inside = verify(one["id"].removeprefix(ENVELOPE), issuers)
            found.append(check_envelope(inside, now, "vc+jwt", "vc")["id"])
        assert found == wanted["credentials"], found
    else:
        credential = check_envelope(verified, now, "vc+jwt", "vc")
        assert credential["id"] != credential["credentialSubject"]["id"], "ids are distinct"


def flipped(token, part):
    """The token with one bit of the middle byte of one part turned over."""
    parts = token.split(".")
    raw = bytearray(decode(parts[part]))
    raw[len(raw) // 2] ^= 1
    parts[part] = encode(bytes(raw))
    return ".".join(parts)


def refused(token, issuers):
    try:
        verify(token, issuers)
    except (jwt.InvalidTokenError, ValueError, AssertionError, KeyError):
        return True
    return False


def verify_bytes(key, algorithm, signature, message):
    if algorithm == "EdDSA":
        key.verify(signature, message)
    elif algorithm == "ES256":
        assert len(signature) == 64, "r and s of 32 bytes each"
        r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
        key.verify(encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
    else:
        assert algorithm == "PS256", algorithm
        key.verify(signature, message, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())


def cryptography_agrees(token, issuers):
    header, payload, signature = token.split(".")
    members = strict_json(header)
    strict_json(payload)
    key = issuers.key_of(members)
    verify_bytes(key, members["alg"], decode(signature), f"{header}.{payload}".encode())
    try:
        verify_bytes(key, members["alg"], decode(signature), f"{header}.{payload}A".encode())
    except InvalidSignature:
        return
    raise AssertionError("a longer message verifies too")


def first_line(error):
    return str(error).partition("\n")[0]


def main(directory):
    path = directory / "expected.json"
    expected = json.loads(path.read_text()) if path.exists() else {}
    now = time_of(expected["at"]) if expected else datetime.now(timezone.utc)
    issuers = Issuers(expected, now)
    who = " ".join(["PyJWT", *([expected["target"]] if "target" in expected else [])])
    named = {one["file"]: one for one in [*expected.get("credentials", []), *expected.get("presentations", [])]}
    status = 0

    def check(name, body):
        nonlocal status
        try:
            assert body() is not False, "no"
            print(f"ok {who} {name}")
        except Exception as error:  # whatever a verifier raises, it is a refusal
            status = 1
            print(f"FAILED {who} {name}: {type(error).__name__} {first_line(error)}")

    for path in sorted(directory.glob("*.jwt")):
        token = path.read_text().strip()
        check(f"verifies {path.name}", lambda: check_document(token, issuers, now, named.get(path.name)))
        check(f"with cryptography alone verifies {path.name}", lambda: cryptography_agrees(token, issuers))
        check(
            f"refuses {path.name} with one bit turned over in header, payload or signature",
            lambda: all(refused(flipped(token, part), issuers) for part in range(3)),
        )
    return status


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
