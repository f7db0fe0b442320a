//! Headers and encodings that promise something else than they keep.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use descriptors::target::Target;
use descriptors::verify::Name::{Algorithm, Form as TheForm, Signature, Syntax};
use serde_json::json;

use super::scene::{Form, key, sign};
use super::{Row, row};

fn parts(bytes: &[u8]) -> [String; 3] {
    let text = std::str::from_utf8(bytes).unwrap();
    let parts: Vec<String> = text.split('.').map(str::to_owned).collect();
    parts.try_into().unwrap()
}

fn joined(parts: &[String; 3]) -> Vec<u8> {
    parts.join(".").into_bytes()
}

/// The JWS with one part changed.
fn part(bytes: &[u8], at: usize, change: impl Fn(&str) -> String) -> Vec<u8> {
    let mut parts = parts(bytes);
    parts[at] = change(&parts[at]);
    joined(&parts)
}

/// The signature's bytes changed.
fn signature(bytes: &[u8], change: impl Fn(Vec<u8>) -> Vec<u8>) -> Vec<u8> {
    part(bytes, 2, |text| URL_SAFE_NO_PAD.encode(change(URL_SAFE_NO_PAD.decode(text).unwrap())))
}

/// Adds the order of the group to S: the laxest verifiers take the result for another good signature.
fn plus_order(mut signature: Vec<u8>) -> Vec<u8> {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut carry = 0_u16;
    for (byte, order) in signature[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    signature
}

/// A signature whose first half is the neutral point, spelt canonically or not.
fn neutral_point(mut signature: Vec<u8>) -> Vec<u8> {
    signature[..32].fill(0);
    signature[0] = 1;
    signature
}

pub(crate) const ROWS: &[Row] = &[
    row(
        "two parts",
        Form::Jws,
        |s| s.at_last = Some(|b| joined(&parts(&b)).rsplitn(2, |x| *x == b'.').last().unwrap().to_vec()),
        Syntax,
        "dots",
    ),
    row("four parts", Form::Jws, |s| s.at_last = Some(|b| [&b[..], b".e30"].concat()), Syntax, "dots"),
    row(
        "five parts, as encrypted ones have",
        Form::Jws,
        |s| s.at_last = Some(|b| [&b[..], b".e30.e30"].concat()),
        Syntax,
        "dots",
    ),
    row(
        "a header that is empty",
        Form::Jws,
        |s| s.at_last = Some(|b| part(&b, 0, |_| String::new())),
        Syntax,
        "expected a value",
    ),
    row(
        "padding behind the header",
        Form::Jws,
        |s| {
            s.at_last = Some(|b| {
                part(&b, 0, |h| {
                    URL_SAFE.encode(format!("{} ", String::from_utf8(URL_SAFE_NO_PAD.decode(h).unwrap()).unwrap()))
                        + "="
                })
            })
        },
        Syntax,
        "base64url",
    ),
    row(
        "padding behind the signature",
        Form::Jws,
        |s| s.at_last = Some(|b| part(&b, 2, |t| format!("{t}=="))),
        Syntax,
        "base64url",
    ),
    row(
        "the standard alphabet",
        Form::Jws,
        |s| s.at_last = Some(|b| part(&b, 2, |_| STANDARD.encode([0xfb; 63]))),
        Syntax,
        "base64url",
    ),
    row(
        "bits left over behind the signature",
        Form::Jws,
        |s| {
            s.at_last = Some(|b| {
                part(&b, 2, |t| {
                    let last = t.as_bytes()[85];
                    let next = if last == b'A' { 'B' } else { char::from(last + 1) };
                    format!("{}{next}", &t[..85])
                })
            })
        },
        Syntax,
        "base64url",
    ),
    row(
        "a line end behind the JWS",
        Form::Jws,
        |s| s.at_last = Some(|b| [&b[..], b"\n"].concat()),
        Syntax,
        "base64url",
    ),
    row("a space before the JWS", Form::Jws, |s| s.at_last = Some(|b| [b" ", &b[..]].concat()), Syntax, "base64url"),
    row(
        "a space inside the payload",
        Form::Jws,
        |s| s.at_last = Some(|b| part(&b, 1, |t| format!("{} {}", &t[..8], &t[8..]))),
        Syntax,
        "base64url",
    ),
    row(
        "percent signs",
        Form::Jws,
        |s| s.at_last = Some(|b| part(&b, 1, |t| format!("%65{}", &t[1..]))),
        Syntax,
        "base64url",
    ),
    row(
        "a full stop of another script",
        Form::Jws,
        |s| s.at_last = Some(|b| String::from_utf8(b).unwrap().replacen('.', "\u{3002}", 1).into_bytes()),
        Syntax,
        "dots",
    ),
    row(
        "the JSON form of a JWS",
        Form::Jws,
        |s| {
            s.at_last = Some(|b| {
                let [protected, payload, signature] = parts(&b);
                json!({"payload": payload, "signatures": [{"protected": protected, "signature": signature}]})
                    .to_string()
                    .into_bytes()
            })
        },
        TheForm,
        "neither a credential nor a presentation",
    ),
    row(
        "a header that is no JSON",
        Form::Jws,
        |s| s.raw_header = Some(b"alg: EdDSA".to_vec()),
        Syntax,
        "expected a value",
    ),
    row(
        "alg twice in a header",
        Form::Jws,
        |s| s.raw_header = Some(s.header.to_string().replacen('{', "{\"alg\":\"none\",", 1).into_bytes()),
        Syntax,
        "stands twice",
    ),
    row("a header that is a list", Form::Jws, |s| s.raw_header = Some(b"[]".to_vec()), TheForm, "`typ` is missing"),
    row("typ JWT", Form::Jws, |s| s.header["typ"] = json!("JWT"), TheForm, "`typ` is `\"JWT\"`"),
    row(
        "typ missing",
        Form::Jws,
        |s| drop(s.header.as_object_mut().unwrap().remove("typ")),
        TheForm,
        "`typ` is missing",
    ),
    row(
        "typ of 2025",
        Form::Jws,
        |s| {
            s.header["typ"] = json!("vc+ld+jwt");
            s.header["cty"] = json!("vc+ld");
        },
        TheForm,
        "vc+ld+jwt",
    ),
    row(
        "typ of ICAM 24.07",
        Form::Jws,
        |s| {
            s.header["typ"] = json!("vc+ld+json+jwt");
            s.header["cty"] = json!("vc+ld+json");
        },
        TheForm,
        "vc+ld+json",
    ),
    row("typ in capital letters", Form::Jws, |s| s.header["typ"] = json!("VC+JWT"), TheForm, "VC+JWT"),
    row("typ a number", Form::Jws, |s| s.header["typ"] = json!(1), TheForm, "`typ` is `1`"),
    row("cty of something else", Form::Jws, |s| s.header["cty"] = json!("json"), TheForm, "`cty` is"),
    row(
        "cty missing where Gaia-X asks",
        Form::Jws,
        |s| {
            s.policy = s.policy.clone().for_target(Target::Danube);
            s.header.as_object_mut().unwrap().remove("cty");
        },
        TheForm,
        "`cty` is missing",
    ),
    row(
        "a credential that calls itself a presentation",
        Form::Jws,
        |s| {
            s.header["typ"] = json!("vp+jwt");
            s.header["cty"] = json!("vp");
        },
        TheForm,
        "no VerifiablePresentation",
    ),
    row(
        "an extension that must be understood",
        Form::Jws,
        |s| {
            s.header["crit"] = json!(["exp"]);
            s.header["exp"] = json!(0);
        },
        TheForm,
        "`crit`",
    ),
    row("crit empty", Form::Jws, |s| s.header["crit"] = json!([]), TheForm, "`crit`"),
    row(
        "a payload said to stand unencoded",
        Form::Jws,
        |s| {
            s.header["b64"] = json!(false);
            s.header["crit"] = json!(["b64"]);
        },
        TheForm,
        "`b64`",
    ),
    row("b64 without crit", Form::Jws, |s| s.header["b64"] = json!(false), TheForm, "`b64`"),
    row(
        "a key in the header",
        Form::Jws,
        |s| s.header["jwk"] = json!({"kty": "OKP", "crv": "Ed25519", "x": "AA"}),
        TheForm,
        "`jwk`",
    ),
    row(
        "the address of keys in the header",
        Form::Jws,
        |s| s.header["jku"] = json!("https://evil.example/keys"),
        TheForm,
        "`jku`",
    ),
    row("a certificate in the header", Form::Jws, |s| s.header["x5c"] = json!(["MII="]), TheForm, "`x5c`"),
    row(
        "the address of a certificate in the header",
        Form::Jws,
        |s| s.header["x5u"] = json!("https://evil.example/chain.pem"),
        TheForm,
        "`x5u`",
    ),
    row("alg none", Form::Jws, |s| s.header["alg"] = json!("none"), Algorithm, "`alg` is `\"none\"`"),
    row(
        "alg none and no signature",
        Form::Jws,
        |s| {
            s.header["alg"] = json!("none");
            s.at_last = Some(|b| part(&b, 2, |_| String::new()));
        },
        Algorithm,
        "`alg` is `\"none\"`",
    ),
    row("alg none in mixed letters", Form::Jws, |s| s.header["alg"] = json!("nOnE"), Algorithm, "nOnE"),
    row("alg HS256, keyed with the public key", Form::Jws, |s| s.header["alg"] = json!("HS256"), Algorithm, "HS256"),
    row("alg RS256", Form::Jws, |s| s.header["alg"] = json!("RS256"), Algorithm, "RS256"),
    row("alg ES256K", Form::Jws, |s| s.header["alg"] = json!("ES256K"), Algorithm, "ES256K"),
    row(
        "alg ES256 with an Ed25519 key",
        Form::Jws,
        |s| s.header["alg"] = json!("ES256"),
        Algorithm,
        "the key is for EdDSA",
    ),
    row(
        "alg PS256 with an Ed25519 key",
        Form::Jws,
        |s| s.header["alg"] = json!("PS256"),
        Algorithm,
        "the key is for EdDSA",
    ),
    row("alg in small letters", Form::Jws, |s| s.header["alg"] = json!("eddsa"), Algorithm, "eddsa"),
    row("alg with a space", Form::Jws, |s| s.header["alg"] = json!("EdDSA "), Algorithm, "EdDSA "),
    row("alg missing", Form::Jws, |s| drop(s.header.as_object_mut().unwrap().remove("alg")), Algorithm, "missing"),
    row("alg a list", Form::Jws, |s| s.header["alg"] = json!(["EdDSA"]), Algorithm, "a list"),
    row(
        "an algorithm that the policy does not take",
        Form::Jws,
        |s| s.policy.algorithms.retain(|a| a.name() == "PS256"),
        Algorithm,
        "allowed are PS256",
    ),
    row(
        "a payload changed after signing",
        Form::Jws,
        |s| {
            s.at_last = Some(|b| {
                let text = URL_SAFE_NO_PAD.decode(&parts(&b)[1]).unwrap();
                let text = String::from_utf8(text).unwrap().replacen("de-east", "de-west", 1);
                part(&b, 1, |_| URL_SAFE_NO_PAD.encode(&text))
            })
        },
        Signature,
        "does not fit",
    ),
    row(
        "a header changed after signing",
        Form::Jws,
        |s| {
            s.at_last = Some(|b| {
                let text = URL_SAFE_NO_PAD.decode(&parts(&b)[0]).unwrap();
                let text = String::from_utf8(text).unwrap().replacen('{', "{\"x\":1,", 1);
                part(&b, 0, |_| URL_SAFE_NO_PAD.encode(&text))
            })
        },
        Signature,
        "does not fit",
    ),
    row(
        "a payload written anew after signing",
        Form::Jws,
        |s| {
            s.at_last = Some(|b| {
                let text = URL_SAFE_NO_PAD.decode(&parts(&b)[1]).unwrap();
                part(&b, 1, |_| URL_SAFE_NO_PAD.encode([b" ", &text[..]].concat()))
            })
        },
        Signature,
        "does not fit",
    ),
    row(
        "one bit of R flipped",
        Form::Jws,
        |s| {
            s.at_last = Some(|b| {
                signature(&b, |mut t| {
                    t[3] ^= 1;
                    t
                })
            })
        },
        Signature,
        "does not fit",
    ),
    row(
        "one bit of S flipped",
        Form::Jws,
        |s| {
            s.at_last = Some(|b| {
                signature(&b, |mut t| {
                    t[40] ^= 1;
                    t
                })
            })
        },
        Signature,
        "does not fit",
    ),
    row(
        "S beyond the order of the group",
        Form::Jws,
        |s| s.at_last = Some(|b| signature(&b, plus_order)),
        Signature,
        "does not fit",
    ),
    row(
        "R of small order",
        Form::Jws,
        |s| s.at_last = Some(|b| signature(&b, neutral_point)),
        Signature,
        "does not fit",
    ),
    row(
        "R not in its one spelling",
        Form::Jws,
        |s| {
            s.at_last = Some(|b| {
                signature(&b, |mut t| {
                    t[..32].fill(0xff);
                    t
                })
            })
        },
        Signature,
        "does not fit",
    ),
    row(
        "a signature of zeros",
        Form::Jws,
        |s| s.at_last = Some(|b| signature(&b, |_| vec![0; 64])),
        Signature,
        "does not fit",
    ),
    row(
        "a signature of 63 bytes",
        Form::Jws,
        |s| {
            s.at_last = Some(|b| {
                signature(&b, |mut t| {
                    t.pop();
                    t
                })
            })
        },
        Signature,
        "does not fit",
    ),
    row(
        "a signature of 65 bytes",
        Form::Jws,
        |s| {
            s.at_last = Some(|b| {
                signature(&b, |mut t| {
                    t.push(0);
                    t
                })
            })
        },
        Signature,
        "does not fit",
    ),
    row("no signature", Form::Jws, |s| s.at_last = Some(|b| part(&b, 2, |_| String::new())), Signature, "does not fit"),
    row(
        "the signature of another document",
        Form::Jws,
        |s| {
            s.at_last = Some(|b| {
                let other = sign(b"{}", b"{}", &key(7));
                part(&b, 2, |_| parts(&other)[2].clone())
            })
        },
        Signature,
        "does not fit",
    ),
    row("the signature of somebody else", Form::Jws, |s| s.key = key(8), Signature, "does not fit"),
];
