"""Checks credentials with PyJWT and cryptography, knowing of them only what the standards say.

Nothing of this is generated from our code.
"""

import base64
import json
import pathlib
import sys
from datetime import datetime, timezone

import jwt
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def decode(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def encode(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def key_of(did):
    """The key of a did:key: multibase z (base58btc), multicodec ed 01, 32 bytes."""
    assert did.startswith("did:key:z"), did
    number = 0
    for character in did.removeprefix("did:key:z"):
        number = number * 58 + ALPHABET.index(character)
    raw = number.to_bytes(34, "big")
    assert raw[:2] == b"\xed\x01", "multicodec of the did:key"
    return Ed25519PublicKey.from_public_bytes(raw[2:])


def no_doubles(pairs):
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names)), f"a member stands twice: {names}"
    return dict(pairs)


def verify(token):
    key = key_of(jwt.get_unverified_header(token)["iss"])
    return jwt.decode_complete(token, key, algorithms=["EdDSA"])


def time_of(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def check_profile(verified, now):
    header, credential = verified["header"], verified["payload"]
    assert header["typ"] == "vc+jwt", header
    assert header["cty"] == "vc", header
    assert header["kid"].startswith(header["iss"] + "#"), header
    assert credential["issuer"] == header["iss"], credential["issuer"]
    assert time_of(credential["validFrom"]) <= now <= time_of(credential["validUntil"]), "valid now"


def flipped(token, part):
    """The token with one bit of the middle byte of one part turned over."""
    parts = token.split(".")
    raw = bytearray(decode(parts[part]))
    raw[len(raw) // 2] ^= 1
    parts[part] = encode(bytes(raw))
    return ".".join(parts)


def refused(token):
    try:
        verify(token)
    except (jwt.InvalidTokenError, ValueError, AssertionError, KeyError):
        return True
    return False


def cryptography_agrees(token):
    header, payload, signature = token.split(".")
    key = key_of(json.loads(decode(header), object_pairs_hook=no_doubles)["iss"])
    json.loads(decode(payload), object_pairs_hook=no_doubles)
    key.verify(decode(signature), f"{header}.{payload}".encode())
    try:
        key.verify(decode(signature), f"{header}.{payload}A".encode())
    except InvalidSignature:
        return
    raise AssertionError("a longer message verifies too")


def first_line(error):
    return str(error).partition("\n")[0]


def main(directory):
    expected = directory / "expected.json"
    now = time_of(json.loads(expected.read_text())["at"]) if expected.exists() else datetime.now(timezone.utc)
    status = 0

    def check(name, body):
        nonlocal status
        try:
            assert body() is not False, "no"
            print(f"ok PyJWT {name}")
        except Exception as error:  # whatever a verifier raises, it is a refusal
            status = 1
            print(f"FAILED PyJWT {name}: {type(error).__name__} {first_line(error)}")

    for path in sorted(directory.glob("*.jwt")):
        token = path.read_text().strip()
        check(f"verifies {path.name}", lambda: check_profile(verify(token), now))
        check(f"with cryptography alone verifies {path.name}", lambda: cryptography_agrees(token))
        check(
            f"refuses {path.name} with one bit turned over in header, payload or signature",
            lambda: all(refused(flipped(token, part)) for part in range(3)),
        )
    return status


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
