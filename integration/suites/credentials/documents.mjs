// What the checks in JavaScript share: a directory of documents with its expected.json, keys from DIDs as the standards
// describe them, and the lines that run.sh counts. Nothing of this is generated from our code.
//
// expected.json is optional (a demo writes none). It says
//   at           the time at which the documents are valid
//   issuer       who signed them
//   target       the form they have
//   credentials  [{file, type, id, subject}]
//   presentations [{file, credentials: [id]}]
//   status       [{file, withdrawn}], credentials with places in status lists
//   handed_in    {address: status list}, each in the form of the target
//   documents    {did: DID document}, for did:web
//   files        {address: text}, what a reader would fetch: certificate chains
//   roots        PEM, the roots that are trusted: then every key needs a chain (`x5u`)
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { X509Certificate, createPublicKey } from 'node:crypto';
import { join } from 'node:path';
import assert from 'node:assert/strict';

export function read(directory) {
  const file = join(directory, 'expected.json');
  const expected = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
  return { expected, now: expected ? new Date(expected.at) : new Date() };
}

export function filesOf(directory, ending) {
  return readdirSync(directory).filter((file) => file.endsWith(ending)).sort();
}

// Prints one line for each check; run.sh adds them up.
export function reporter(who) {
  return async (name, body) => {
    try {
      await body();
      console.log(`ok ${who} ${name}`);
    } catch (error) {
      process.exitCode = 1;
      const causes = error.errors ?? [error.cause ?? error];
      const texts = causes.map((one) => String(one.message ?? one).replace(/\s+/g, ' ').slice(0, 300));
      console.log(`FAILED ${who} ${name}: ${texts.join('; ')}`);
    }
  };
}

const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

// Of bytes that do not begin with zero, as no key with its codec does.
export function toBase58(bytes) {
  let number = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  let text = '';
  for (; number > 0n; number /= 58n) text = alphabet[Number(number % 58n)] + text;
  return text;
}

function fromBase58(text) {
  assert.match(text, /^[1-9A-HJ-NP-Za-km-z]+$/);
  let number = 0n;
  for (const character of text) number = number * 58n + BigInt(alphabet.indexOf(character));
  const digits = number.toString(16);
  return Buffer.from(digits.length % 2 ? `0${digits}` : digits, 'hex');
}

// https://w3c-ccg.github.io/did-key-spec: multibase z (base58btc), multicodec, key. The DER heads are those of RFC 8410 and
// of RFC 5480 with a compressed point.
const didKeys = [
  { codec: [0xed, 0x01], length: 32, der: '302a300506032b6570032100' },
  { codec: [0x80, 0x24], length: 33, der: '3039301306072a8648ce3d020106082a8648ce3d030107032200' },
];

export function keyOfDidKey(did) {
  assert.match(did, /^did:key:z/);
  const bytes = fromBase58(did.slice('did:key:z'.length));
  const kind = didKeys.find(({ codec }) => codec.every((byte, at) => bytes[at] === byte));
  assert.ok(kind, 'multicodec of the did:key');
  assert.equal(bytes.length, 2 + kind.length, 'length of the did:key');
  return createPublicKey({
    key: Buffer.concat([Buffer.from(kind.der, 'hex'), bytes.subarray(2)]), format: 'der', type: 'spki',
  });
}

// The key that `kid` names in the DID document of its issuer, as Gaia-X ICAM 25.11 asks for it.
export function keyOfDidWeb({ iss, kid, alg }, expected, now) {
  const document = expected?.documents?.[iss];
  assert.ok(document, `no document of ${iss}`);
  assert.equal(document.id, iss);
  const method = document.verificationMethod.find(({ id }) => id === kid);
  assert.ok(method, `${kid} is not in the DID document`);
  assert.ok(document.assertionMethod.includes(kid), `${kid} is no assertion method`);
  assert.equal(method.controller, iss);
  assert.equal(method.type, 'JsonWebKey2020');
  const { x5u, ...jwk } = method.publicKeyJwk;
  assert.equal(jwk.alg, alg, 'alg of the key and of the header');
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  if (expected.roots) checkChain(key, x5u, iss, expected, now);
  return key;
}

// Leaf to self-signed root, every signature, validity, the host's name, and that the leaf has the key.
function checkChain(key, address, did, { files, roots }, now) {
  const pem = files?.[address];
  assert.ok(pem, `nothing at ${address}`);
  const split = (text) => text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
  const chain = split(pem).map((one) => new X509Certificate(one));
  const trusted = split(roots).map((one) => new X509Certificate(one).fingerprint256);
  assert.ok(chain[0].publicKey.equals(key), 'the leaf has another key');
  assert.ok(chain[0].checkHost(decodeURIComponent(did.split(':')[2]).split(':')[0]), 'the leaf is of another host');
  chain.forEach((one, at) => {
    const above = chain[at + 1] ?? one;
    assert.ok(one.checkIssued(above) && one.verify(above.publicKey), `certificate ${at} is not signed by the next one`);
    assert.ok(new Date(one.validFrom) <= now && now <= new Date(one.validTo), `certificate ${at} is not valid now`);
    assert.equal(one.ca, at > 0, `certificate ${at}: basic constraints`);
  });
  assert.ok(trusted.includes(chain.at(-1).fingerprint256), 'the root is not trusted');
}
