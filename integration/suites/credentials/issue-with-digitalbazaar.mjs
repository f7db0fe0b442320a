// Writes credentials and presentations that Digital Bazaar's libraries signed, good ones and ones with a single fault, for
// `avow verify` to judge. What is said is taken from a directory of ours; key, issuer, time and proof are theirs.
//
//   node issue-with-digitalbazaar.mjs FROM OUT GAIA_X
//
// judge-with-avow.mjs says what is written.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import assert from 'node:assert/strict';
import * as statusLists from '@digitalbazaar/vc-bitstring-status-list';
import jsigs from 'jsonld-signatures';
import * as theirs from './digitalbazaar.mjs';
import { filesOf, read } from './documents.mjs';

const [from, out, gaiaX] = process.argv.slice(2);
const { expected, now } = read(from);
const documentLoader = theirs.loader(gaiaX);
const options = { documentLoader, now };
const key = await theirs.keyOf(new Uint8Array(32).fill(21));
const other = await theirs.keyOf(new Uint8Array(32).fill(22));
const created = '2026-11-21T00:00:00Z';
const cases = [];

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

function write(name, document, expect, more = {}) {
  const file = `${String(cases.length).padStart(2, '0')}-${name.replaceAll(/[^a-z0-9]+/gi, '-')}.json`;
  writeFileSync(join(out, file), typeof document === 'string' ? document : JSON.stringify(document));
  cases.push({ name, file, expect, ...more });
}

const copyWith = (document, change) => {
  const copy = structuredClone(document);
  change(copy);
  return copy;
};

// What we say, as if they had said it.
const subjects = filesOf(from, '.json').filter((file) => file !== 'expected.json')
  .map((file) => JSON.parse(readFileSync(join(from, file), 'utf8')))
  .filter(({ proof, type, credentialStatus }) => proof && !type.includes('VerifiablePresentation') && !credentialStatus)
  .map(({ proof, ...document }) => ({ ...document, issuer: key.controller }));
assert.ok(subjects.length > 1, `two credentials are needed in ${from}`);
// The same under the context of Gaia-X, by its address.
const underGaiaX = (document) => copyWith(document, (copy) => {
  copy['@context'] = document['@context'].map((one) => one.gx ?? one);
});

for (const name of theirs.cryptosuites) {
  const suite = theirs.signing(name, key, created);
  const sign = (document, more = {}) => theirs.issue(document, { ...options, suite, ...more });
  const signed = [];
  for (const subject of subjects) {
    signed.push(await sign(subject));
    write(`${name} ${subject.type.at(-1)}`, signed.at(-1), 'good');
  }
  const [one, another] = signed;
  // `check` names what has to find the fault.
  const bad = (fault, check, document) => write(`${name} ${fault}`, document, 'bad', { check });
  const isJcs = name === 'eddsa-jcs-2022';

  bad('another end', 'signature', copyWith(one, (copy) => { copy.validUntil = '2098-01-01T00:00:00Z'; }));
  bad('proof of another credential', 'signature', copyWith(one, (copy) => { copy.proof.proofValue = another.proof.proofValue; }));
  bad('another time of the proof', 'signature', copyWith(one, (copy) => { copy.proof.created = '2026-11-21T00:00:01Z'; }));
  bad('an issuer who does not have the key', 'issuer', await sign({ ...subjects[0], issuer: other.controller }));
  bad('a term more that no context defines', isJcs ? 'signature' : 'terms', copyWith(one, (copy) => { copy.credentialSubject.unheardOf = 'x'; }));
  bad('a text more beside the proof', 'signature', copyWith(one, (copy) => { copy.proof.domain = 'elsewhere.example'; }));
  bad('no proof', 'form', copyWith(one, (copy) => { delete copy.proof; }));
  bad('another cryptosuite named', isJcs ? 'signature' : 'form', copyWith(one, (copy) => {
    copy.proof.cryptosuite = theirs.cryptosuites.find((suite) => suite !== name);
  }));
  bad('proof value in base64url', 'signature', copyWith(one, (copy) => {
    copy.proof.proofValue = `u${Buffer.alloc(64, 1).toString('base64url')}`;
  }));
  bad('purpose authentication', 'key', await sign(subjects[0], { purpose: new jsigs.purposes.ProofPurpose({ term: 'authentication' }) }));
  bad('over', 'period', await sign({ ...subjects[0], validFrom: '2020-01-01T00:00:00Z', validUntil: '2020-02-01T00:00:00Z' },
    { now: new Date('2020-01-15T00:00:00Z') }));
  bad('not yet', 'period', await sign({ ...subjects[0], validFrom: '2090-01-01T00:00:00Z', validUntil: '2091-01-01T00:00:00Z' },
    { now: new Date('2090-01-15T00:00:00Z') }));
  bad('id of the subject as its own', 'model', await sign({ ...subjects[0], id: subjects[0].credentialSubject.id }));
  bad('a member twice', 'syntax', JSON.stringify(one).replace('"validUntil":', '"validUntil":"2098-01-01T00:00:00Z","validUntil":'));
  // `@vocab` of the Gaia-X context makes a property of every plain key, also of one with a letter wrong.
  const gaiaXSubject = underGaiaX(subjects[0]);
  write(`${name} under the context of Gaia-X`, await sign(gaiaXSubject), 'good');
  const misspelt = copyWith(gaiaXSubject, (copy) => { copy.credentialSubject.serviceOferingTerms = 'x'; });
  write(`${name} a key spelt wrong that only the vocabulary catches`, await sign(misspelt), 'unknown', { check: 'terms' });
  if (isJcs) {
    bad('proof without context', 'form', copyWith(one, (copy) => { delete copy.proof['@context']; }));
    bad('proof with a context more', 'signature', copyWith(one, (copy) => {
      copy.proof['@context'].push({ more: 'https://m.example/' });
    }));
  }
  bad('two proofs', 'form', copyWith(one, (copy) => { copy.proof = [copy.proof, another.proof]; }));

  const presentation = {
    '@context': subjects[0]['@context'],
    id: 'https://holder.example/presentations/1', type: ['VerifiablePresentation'],
    holder: key.controller, verifiableCredential: signed.slice(0, 2),
  };
  const presented = await theirs.present(presentation, { suite, documentLoader });
  write(`${name} presentation`, presented, 'good');
  bad('presentation with a credential less', 'signature', copyWith(presented, (copy) => { copy.verifiableCredential.pop(); }));
  bad('presentation with a credential that does not hold', 'signature', await theirs.present(
    { ...presentation, verifiableCredential: [copyWith(one, (copy) => { copy.validUntil = '2098-01-01T00:00:00Z'; }), another] },
    { suite, documentLoader }));

  // Status: one credential under three lists.
  const list = await statusLists.createList({ length: 131072 });
  list.setStatus(4242, true);
  const address = 'https://issuer.example/status/1';
  const listed = await statusLists.createCredential({ id: address, list, statusPurpose: 'revocation' });
  const listCredential = await sign({ ...listed, issuer: key.controller, validFrom: created });
  const listFile = `list-${name}.json`;
  writeFileSync(join(out, listFile), JSON.stringify(listCredential));
  const withStatus = (index, purpose = 'revocation') => sign({
    ...subjects[0],
    credentialStatus: {
      id: `${address}#${index}`, type: 'BitstringStatusListEntry', statusPurpose: purpose,
      statusListIndex: String(index), statusListCredential: address,
    },
  });
  const handed = { status_lists: { [address]: listFile } };
  write(`${name} status not set`, await withStatus(4241), 'good', handed);
  write(`${name} status set`, await withStatus(4242), 'bad', { ...handed, check: 'status' });
  write(`${name} status beyond the list`, await withStatus(131072), 'bad', { ...handed, check: 'status' });
  write(`${name} status of another purpose`, await withStatus(4241, 'suspension'), 'bad', { ...handed, check: 'status' });
  write(`${name} status without the list`, await withStatus(4241), 'unknown', { check: 'status' });
}
writeFileSync(join(out, 'cases.json'), JSON.stringify({ at: now.toISOString(), issuer: key.controller, cases }, null, 2));
