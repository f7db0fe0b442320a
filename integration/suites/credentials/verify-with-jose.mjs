// Checks credentials and presentations with npm `jose`, knowing of them only what the standards say: W3C "Securing
// Verifiable Credentials using JOSE and COSE", Gaia-X ICAM 25.11, did:key, did:web. Status lists are read by Digital Bazaar's
// library.
//
//   node verify-with-jose.mjs DIR
import { readFileSync } from 'node:fs';
import { webcrypto } from 'node:crypto';
import { join } from 'node:path';
import assert from 'node:assert/strict';
import { decodeList } from '@digitalbazaar/vc-bitstring-status-list';
import { compactVerify } from 'jose';
import { filesOf, keyOfDidKey, keyOfDidWeb, read, reporter } from './documents.mjs';

globalThis.crypto ??= webcrypto; // Node 18

const directory = process.argv[2];
const { expected, now } = read(directory);
const check = reporter(expected?.target ? `jose ${expected.target}` : 'jose');
const algorithms = ['EdDSA', 'ES256', 'PS256'];

async function verify(token) {
  const unverified = JSON.parse(Buffer.from(token.split('.')[0], 'base64url').toString('utf8'));
  const isKey = unverified.iss.startsWith('did:key:');
  const key = isKey ? keyOfDidKey(unverified.iss) : keyOfDidWeb(unverified, expected, now);
  const { payload, protectedHeader } = await compactVerify(token, key, { algorithms });
  return { header: protectedHeader, document: JSON.parse(Buffer.from(payload).toString('utf8')) };
}

function checkEnvelope({ header, document }, typ, cty) {
  assert.equal(header.typ, typ);
  assert.equal(header.cty, cty);
  assert.ok(header.kid.startsWith(`${header.iss}#`), 'the key is the issuer\'s');
  assert.equal(document.issuer, header.iss);
  if ('iss' in document) assert.equal(document.iss, header.iss);
  assert.equal(document['@context'][0], 'https://www.w3.org/ns/credentials/v2');
  assert.ok(!('vc' in document) && !('vp' in document), 'no wrapper around the document');
  assert.ok(Date.parse(document.validFrom) <= now, 'valid from');
  assert.ok(!document.validUntil || now <= Date.parse(document.validUntil), 'valid until');
}

function checkCredential(verified, wanted) {
  checkEnvelope(verified, 'vc+jwt', 'vc');
  const credential = verified.document;
  assert.equal(credential.type[0], 'VerifiableCredential');
  assert.notEqual(credential.id, credential.credentialSubject.id);
  assert.ok(credential.validUntil, 'an end');
  if (wanted) assert.equal(credential.issuer, expected.issuer);
  if (wanted?.id) {
    assert.equal(credential.id, wanted.id);
    assert.ok(credential.type.includes(wanted.type));
    assert.equal(credential.credentialSubject.id, wanted.subject);
  }
}

const envelope = 'data:application/vc+jwt,';

async function checkPresentation(verified, wanted) {
  checkEnvelope(verified, 'vp+jwt', 'vp');
  const presentation = verified.document;
  assert.ok([presentation.type].flat().includes('VerifiablePresentation'));
  const found = [];
  for (const one of presentation.verifiableCredential) {
    assert.equal(one['@context'], 'https://www.w3.org/ns/credentials/v2');
    assert.equal(one.type, 'EnvelopedVerifiableCredential');
    assert.ok(one.id.startsWith(envelope));
    const inside = await verify(one.id.slice(envelope.length));
    checkCredential(inside);
    found.push(inside.document.id);
  }
  assert.deepEqual(found, wanted.credentials);
  assert.equal(new Set([presentation.id, ...found]).size, found.length + 1, 'ids are distinct');
}

// What each list that a credential names says of it, by Bitstring Status List, section 3.2.
async function statusOf(token, lists) {
  const { document } = await verify(token);
  const entries = [document.credentialStatus].flat();
  return Promise.all(entries.map(async ({ type, statusPurpose, statusListIndex, statusListCredential: address }) => {
    assert.equal(type, 'BitstringStatusListEntry');
    const verified = await verify(lists[address]);
    checkCredential(verified);
    const { id, issuer, type: types, credentialSubject: list } = verified.document;
    assert.deepEqual([id, issuer, list.type, list.statusPurpose], [address, document.issuer, 'BitstringStatusList', statusPurpose]);
    assert.ok(types.includes('BitstringStatusListCredential'));
    return (await decodeList({ encodedList: list.encodedList })).getStatus(Number(statusListIndex));
  }));
}

async function checkStatus(file, token, withdrawn) {
  const lists = expected.handed_in;
  await check(`reads that ${file} ${withdrawn ? 'is withdrawn' : 'stands'}`, async () => {
    assert.deepEqual(await statusOf(token, lists), [withdrawn, withdrawn]);
  });
  await check(`refuses lists of ${file} that were changed`, async () => {
    for (const address of Object.keys(lists)) {
      await assert.rejects(statusOf(token, { ...lists, [address]: flipped(lists[address], 1) }), address);
    }
  });
}

// The token with the lowest bit of the middle byte of one part turned over.
function flipped(token, part) {
  const parts = token.split('.');
  const bytes = Buffer.from(parts[part], 'base64url');
  bytes[bytes.length >> 1] ^= 1;
  parts[part] = bytes.toString('base64url');
  return parts.join('.');
}

// The token with another header, and the signature it had.
function reheaded(token, change) {
  const [header, ...rest] = token.split('.');
  const members = { ...JSON.parse(Buffer.from(header, 'base64url').toString('utf8')), ...change };
  return [Buffer.from(JSON.stringify(members)).toString('base64url'), ...rest].join('.');
}

const files = filesOf(directory, '.jwt');
const tokens = new Map(files.map((file) => [file, readFileSync(join(directory, file), 'utf8').trim()]));
const named = [expected?.credentials ?? [], expected?.presentations ?? [], expected?.status ?? []].flat();
for (const [file, token] of tokens) {
  const wanted = named.find((one) => one.file === file);
  await check(`verifies ${file}`, async () => {
    assert.ok(!expected || wanted, 'expected.json does not name this file');
    const verified = await verify(token);
    await (wanted?.credentials ? checkPresentation(verified, wanted) : checkCredential(verified, wanted));
  });
  await check(`refuses ${file} with one bit turned over in header, payload or signature`, async () => {
    for (const part of [0, 1, 2]) await assert.rejects(verify(flipped(token, part)), `part ${part}`);
  });
  await check(`refuses ${file} under another algorithm`, async () => {
    for (const alg of ['none', 'HS256', ...algorithms]) {
      const other = reheaded(token, { alg });
      if (JSON.parse(Buffer.from(token.split('.')[0], 'base64url')).alg !== alg) await assert.rejects(verify(other), alg);
    }
  });
  if (wanted && 'withdrawn' in wanted) await checkStatus(file, token, wanted.withdrawn);
}
await check('finds every document that was to be written', () => {
  assert.ok(tokens.size, 'no document');
  for (const { file } of named) assert.ok(tokens.has(file) || !file.endsWith('.jwt'), file);
});
await check('refuses the signature of another credential', async () => {
  const [one, other] = [...tokens.values()].map((token) => token.split('.'));
  assert.ok(other, 'two credentials are needed');
  await assert.rejects(verify([one[0], one[1], other[2]].join('.')), { code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' });
});
