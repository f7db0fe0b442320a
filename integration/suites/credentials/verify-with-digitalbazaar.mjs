// Has Digital Bazaar's libraries check our credentials and presentations with embedded proofs, and make the same proof again.
//
//   node verify-with-digitalbazaar.mjs DIR GAIA_X
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import assert from 'node:assert/strict';
import * as statusLists from '@digitalbazaar/vc-bitstring-status-list';
import * as theirs from './digitalbazaar.mjs';
import { filesOf, read, reporter } from './documents.mjs';

const [directory, gaiaX] = process.argv.slice(2);
const { expected, now } = read(directory);
const check = reporter(`DigitalBazaar ${expected.target}`);
const documentLoader = theirs.loader(gaiaX, { ...expected.documents, ...expected.handed_in });
// Whether a proof holds does not depend on the status, which has its own check.
const options = { documentLoader, now, checkStatus: () => ({ verified: true }) };
const key = await theirs.keyOf(Buffer.from(expected.public_test_seed, 'hex'));
const other = await theirs.keyOf(new Uint8Array(32).fill(99));

const rejects = async (document, reason) => {
  await assert.rejects(theirs.verify(document, options), (error) => {
    const texts = [error, ...(error.errors ?? [])].map((one) => `${one.name} ${one.message}`).join(' ');
    assert.match(texts, reason);
    return true;
  });
};

// The document with one change, made on a copy.
const changed = (document, change) => {
  const copy = structuredClone(document);
  change(copy);
  return copy;
};

const unsigned = ({ proof, ...document }) => document;

// The first text of a document that is no id, no type and no context; what changes it changes what is said.
function firstText(node) {
  for (const [name, value] of Object.entries(node)) {
    if (['@context', 'id', 'type', '@type', 'proof', 'issuer'].includes(name)) continue;
    if (typeof value === 'string' && !/^\d{4}-\d\d-/.test(value)) return [node, name];
    if (value && typeof value === 'object') {
      const found = firstText(value);
      if (found) return found;
    }
  }
}

async function credential(file, document) {
  const { cryptosuite, created } = document.proof;
  if (document.credentialStatus) return status(file, document);
  await check(`verifies ${file}`, async () => {
    await theirs.verify(document, options);
    const wanted = expected.credentials.find((one) => one.file === file);
    assert.ok(wanted, 'expected.json does not name this file');
    assert.equal(document.id, wanted.id);
    assert.equal(document.issuer, expected.issuer);
  });
  await check(`makes the same proof of ${file}`, async () => {
    const suite = theirs.signing(cryptosuite, { ...key, signer: () => signerFor(document.proof) }, created);
    const again = await theirs.issue(unsigned(document), { ...options, suite });
    assert.equal(again.proof.proofValue, document.proof.proofValue);
    assert.deepEqual(again, document);
  });
  await check(`refuses ${file} with another claim, another time, another issuer or another proof`, async () => {
    const broken = /Invalid signature/;
    await rejects(changed(document, (copy) => {
      const [node, name] = firstText(copy.credentialSubject) ?? firstText(copy);
      node[name] += '.';
    }), broken);
    await rejects(changed(document, (copy) => { copy.validUntil = '2099-01-01T00:00:00Z'; }), broken);
    await rejects(changed(document, (copy) => { copy.issuer = other.controller; }), broken);
    await rejects(changed(document, (copy) => { copy.proof.created = '2026-01-01T00:00:00Z'; }), broken);
    await rejects(changed(document, (copy) => { copy.id += '0'; }), broken);
  });
  await check(`refuses ${file} with a term more that no context defines`, async () => {
    await rejects(changed(document, (copy) => { copy.credentialSubject['no:prefix of ours'] = 'x'; }),
      cryptosuite === 'eddsa-jcs-2022' ? /Invalid signature/ : /Safe mode|Invalid signature/);
  });
  await check(`refuses ${file} signed by somebody who is not its issuer`, async () => {
    const suite = theirs.signing(cryptosuite, other, created);
    await rejects(await theirs.issue(unsigned(document), { ...options, suite }), /issuer|controller/i);
  });
  await check(`refuses ${file} after its time`, async () => {
    await assert.rejects(theirs.verify(document, { ...options, now: new Date('2099-01-01T00:00:00Z') }), /is after "validUntil"/);
  });
}

async function status(file, document) {
  const { withdrawn } = expected.status.find((one) => one.file === file);
  await check(`verifies ${file}`, () => theirs.verify(document, options));
  await check(`reads that ${file} ${withdrawn ? 'is withdrawn' : 'stands'}`, async () => {
    const found = await theirs.statusOf(document, options);
    assert.deepEqual(found, [document.credentialStatus].flat().map(() => withdrawn));
    assert.ok(found.length);
  });
  await check(`refuses a list of ${file} that was changed`, async () => {
    const { statusListCredential: address } = [document.credentialStatus].flat()[0];
    const list = structuredClone(expected.handed_in[address]);
    list.credentialSubject.encodedList = await listOf(131072);
    const other = theirs.loader(gaiaX, { ...expected.documents, ...expected.handed_in, [address]: list });
    await assert.rejects(theirs.statusOf(document, { ...options, documentLoader: other }), (error) => {
      assert.match([error, ...(error.errors ?? [])].map(({ message }) => message).join(' '), /Invalid signature/);
      return true;
    });
  });
  await check(`refuses ${file} with a place beyond the list`, async () => {
    const beyond = changed(document, (copy) => { [copy.credentialStatus].flat()[0].statusListIndex = '131072'; });
    await assert.rejects(theirs.statusOf(beyond, options), /range|position|length/i);
  });
}

const listOf = async (length) => (await statusLists.createList({ length })).encode();

// Their signer, under the name that our document gives the key.
function signerFor(proof) {
  return { ...key.signer(), id: proof.verificationMethod };
}

async function presentation(file, document) {
  await check(`verifies ${file}`, async () => {
    await theirs.verify(document, options);
    const wanted = expected.presentations.find((one) => one.file === file);
    assert.deepEqual(document.verifiableCredential.map(({ id }) => id), wanted.credentials);
  });
  await check(`refuses ${file} with one credential less, or another claim in one`, async () => {
    await assert.rejects(theirs.verify(changed(document, (copy) => copy.verifiableCredential.pop()), options));
    await assert.rejects(theirs.verify(changed(document, (copy) => {
      const [node, name] = firstText(copy.verifiableCredential[0].credentialSubject);
      node[name] += '.';
    }), options));
  });
}

const documents = filesOf(directory, '.json').filter((file) => file !== 'expected.json')
  .map((file) => [file, JSON.parse(readFileSync(join(directory, file), 'utf8'))])
  .filter(([, document]) => document.proof);
for (const [file, document] of documents) {
  const isPresentation = [document.type].flat().includes('VerifiablePresentation');
  await (isPresentation ? presentation(file, document) : credential(file, document));
}
await check('finds every document that was to be written', () => {
  const found = documents.map(([file]) => file);
  assert.ok(found.length, 'no document');
  const wanted = [expected.credentials, expected.presentations ?? [], expected.status ?? []].flat();
  for (const { file } of wanted) assert.ok(found.includes(file), file);
});
if (expected.target.startsWith('w3c-jcs')) {
  // When this fails they have mended it, and `withOneContext` can go.
  await check('compares inline contexts by identity still', async () => {
    const inline = documents.find(([, { '@context': list }]) => list.some((one) => typeof one === 'object'));
    assert.ok(inline, 'no document with a context inline');
    await assert.rejects(theirs.verifyAsRead(inline[1], options), (error) => {
      assert.match(error.errors[0].message, /does not start with proof.@context/);
      return true;
    });
  });
}
