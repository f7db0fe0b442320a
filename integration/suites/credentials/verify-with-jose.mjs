// Checks credentials with npm `jose`, knowing of them only what the standards say: W3C "Securing Verifiable Credentials
// using JOSE and COSE", Gaia-X ICAM 25.11, did:key. Nothing of this is generated from our code.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { webcrypto } from 'node:crypto';
import { join } from 'node:path';
import assert from 'node:assert/strict';
import { compactVerify, importJWK } from 'jose';

globalThis.crypto ??= webcrypto; // Node 18

const directory = process.argv[2];
const expectedFile = join(directory, 'expected.json');
const expected = existsSync(expectedFile) ? JSON.parse(readFileSync(expectedFile, 'utf8')) : undefined;
const now = expected ? Date.parse(expected.at) : Date.now();
let failed = false;

async function check(name, body) {
  try {
    await body();
    console.log(`ok jose ${name}`);
  } catch (error) {
    failed = true;
    console.log(`FAILED jose ${name}: ${String(error.message).split('\n')[0]}`);
  }
}

// https://w3c-ccg.github.io/did-key-spec: multibase z (base58btc), multicodec ed 01, 32 bytes.
function keyOf(did) {
  const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
  assert.match(did, /^did:key:z[1-9A-HJ-NP-Za-km-z]+$/);
  let number = 0n;
  for (const character of did.slice('did:key:z'.length)) {
    number = number * 58n + BigInt(alphabet.indexOf(character));
  }
  const bytes = Buffer.from(number.toString(16), 'hex');
  assert.equal(bytes.length, 34, 'length of the did:key');
  assert.deepEqual([...bytes.subarray(0, 2)], [0xed, 0x01], 'multicodec of the did:key');
  return importJWK({ kty: 'OKP', crv: 'Ed25519', x: bytes.subarray(2).toString('base64url') }, 'EdDSA');
}

async function verify(token) {
  const unverified = JSON.parse(Buffer.from(token.split('.')[0], 'base64url').toString('utf8'));
  const key = await keyOf(unverified.iss);
  const { payload, protectedHeader } = await compactVerify(token, key, { algorithms: ['EdDSA'] });
  return { header: protectedHeader, credential: JSON.parse(Buffer.from(payload).toString('utf8')) };
}

function checkProfile({ header, credential }, wanted) {
  assert.equal(header.alg, 'EdDSA');
  assert.equal(header.typ, 'vc+jwt');
  assert.equal(header.cty, 'vc');
  assert.equal(header.kid, `${header.iss}#${header.iss.slice('did:key:'.length)}`);
  assert.equal(credential.issuer, header.iss);
  assert.equal(credential['@context'][0], 'https://www.w3.org/ns/credentials/v2');
  assert.ok(credential.type.includes('VerifiableCredential'));
  assert.ok(!('vc' in credential), 'no `vc` claim around the credential');
  assert.notEqual(credential.id, credential.credentialSubject.id);
  assert.ok(Date.parse(credential.validFrom) <= now && now <= Date.parse(credential.validUntil), 'valid now');
  if (wanted) {
    assert.equal(credential.issuer, expected.issuer);
    assert.equal(credential.id, wanted.id);
    assert.ok(credential.type.includes(wanted.type));
    assert.equal(credential.credentialSubject.id, wanted.subject);
  }
}

// The token with the lowest bit of the middle byte of one part turned over.
function flipped(token, part) {
  const parts = token.split('.');
  const bytes = Buffer.from(parts[part], 'base64url');
  bytes[bytes.length >> 1] ^= 1;
  parts[part] = bytes.toString('base64url');
  return parts.join('.');
}

const files = readdirSync(directory).filter((file) => file.endsWith('.jwt')).sort();
const tokens = new Map(files.map((file) => [file, readFileSync(join(directory, file), 'utf8').trim()]));
for (const [file, token] of tokens) {
  const wanted = expected?.credentials.find((credential) => credential.file === file);
  await check(`verifies ${file}`, async () => {
    assert.ok(!expected || wanted, 'expected.json does not name this file');
    checkProfile(await verify(token), wanted);
  });
  await check(`refuses ${file} with one bit turned over in header, payload or signature`, async () => {
    for (const part of [0, 1, 2]) await assert.rejects(verify(flipped(token, part)), `part ${part}`);
  });
}
await check('finds every credential that was to be written', () => {
  for (const { file } of expected?.credentials ?? []) assert.ok(tokens.has(file), file);
});
await check('refuses the signature of another credential', async () => {
  const [one, other] = [...tokens.values()].map((token) => token.split('.'));
  assert.ok(other, 'two credentials are needed');
  await assert.rejects(verify([one[0], one[1], other[2]].join('.')), { code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' });
});
process.exitCode = failed ? 1 : 0;
