// The same operations as `bench/benches/peers.rs`, by npm packages of others: jose, Digital Bazaar's, shacl-engine,
// rdf-validate-shacl. CPU time of the process, several windows, the median, as there.
//
//   node measure.mjs DOCUMENTS [GAIA_X]
//
// Prints `who<tab>operation<tab>operations per CPU second` for each.
import { createPrivateKey, createPublicKey, webcrypto } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import assert from 'node:assert/strict';
import * as jose from 'jose';
import jsonld from 'jsonld';
import { Parser, Store } from 'n3';
import SHACLValidator from 'rdf-validate-shacl';
import { Validator } from 'shacl-engine';
import rdfDataModel from '@rdfjs/data-model';
import * as theirs from './digitalbazaar.mjs';

globalThis.crypto ??= webcrypto; // Node 18

const [documents, gaiaX] = process.argv.slice(2);
const windows = 5;
const windowMicros = 200_000;

const names = readdirSync(documents).filter((file) => /^\d+\.json$/.test(file)).map((file) => file.slice(0, -5)).sort();
const read = (ending) => names.map((name) => readFileSync(join(documents, name + ending), 'utf8'));
const { seed, issuer, method, created, at } = JSON.parse(readFileSync(join(documents, 'key.json'), 'utf8'));
const unsigned = read('.json').map((text) => JSON.parse(text));
const inline = read('.inline.json').map((text) => JSON.parse(text));
const now = new Date(at);

function cpu(since) {
  const { user, system } = process.cpuUsage(since);
  return user + system;
}

// Operations per CPU second. `call` gets the number of the call, so that it can take another document each time.
async function rate(who, operation, call) {
  let calls = 0;
  for (const end = process.cpuUsage(); cpu(end) < windowMicros;) await call(calls++ % names.length);
  const rates = [];
  for (let window = 0; window < windows; window++) {
    const start = process.cpuUsage();
    let done = 0;
    let spent = 0;
    while (spent < windowMicros) {
      await call(calls++ % names.length);
      done++;
      spent = cpu(start);
    }
    rates.push(done / spent * 1e6);
  }
  rates.sort((a, b) => a - b);
  console.log(`${who}\t${operation}\t${rates[windows >> 1]}`);
}

// --- vc+jwt ---------------------------------------------------------------------------------------------------------

const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.from(seed, 'hex')]);
const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
const joseKey = await jose.importPKCS8(privateKey.export({ format: 'pem', type: 'pkcs8' }), 'EdDSA');
const joseVerifier = await jose.importSPKI(
  createPublicKey(privateKey).export({ format: 'pem', type: 'spki' }), 'EdDSA');
const header = { alg: 'EdDSA', typ: 'vc+jwt', cty: 'vc', kid: method, iss: issuer };
const text = new TextEncoder();
await rate('jose', 'issue vc+jwt', (index) =>
  new jose.CompactSign(text.encode(JSON.stringify(unsigned[index]))).setProtectedHeader(header).sign(joseKey));

const tokens = read('.jwt');
await rate('jose', 'verify vc+jwt', async (index) => {
  const { payload } = await jose.compactVerify(tokens[index], joseVerifier, { algorithms: ['EdDSA'] });
  assert.equal(JSON.parse(Buffer.from(payload).toString('utf8')).id, unsigned[index].id);
});

// --- Data Integrity -------------------------------------------------------------------------------------------------

const key = await theirs.keyOf(Buffer.from(seed, 'hex'));
const documentLoader = theirs.loader(gaiaX);
for (const [name, short] of [['eddsa-jcs-2022', 'jcs'], ['eddsa-rdfc-2022', 'rdfc']]) {
  const suite = theirs.signing(name, key, created);
  const signed = read(`.${short}`).map((document) => JSON.parse(document));
  // Before anything is timed: theirs and ours are the same proof.
  const again = await theirs.issue(inline[0], { suite, documentLoader, now });
  assert.equal(again.proof.proofValue, signed[0].proof.proofValue);
  await rate('Digital Bazaar', `issue ${name}`, (index) => theirs.issue(inline[index], { suite, documentLoader, now }));
  await rate('Digital Bazaar', `verify ${name}`, (index) => theirs.verify(signed[index], { documentLoader, now }));
}

if (gaiaX) {
  const signed = read('.gx.rdfc').map((document) => JSON.parse(document));
  await rate('Digital Bazaar', 'verify eddsa-rdfc-2022, Gaia-X context', (index) =>
    theirs.verify(signed[index], { documentLoader, now }));
}

// --- SHACL ----------------------------------------------------------------------------------------------------------

if (gaiaX) {
  const turtle = (file) => new Parser({ blankNodePrefix: `_:${file}-` })
    .parse(readFileSync(join(gaiaX, 'ontology-2511', file), 'utf8'));
  const [shapes, hierarchy] = [turtle('shapes.ttl'), turtle('ontology-hierarchy.ttl')];
  const subject = { '@context': unsigned[0]['@context'], ...unsigned[0].credentialSubject };
  const lines = await jsonld.toRDF(subject, { documentLoader, format: 'application/n-quads', safe: true });
  const data = new Store([...hierarchy, ...new Parser({ format: 'N-Quads' }).parse(lines)]);

  const broken = new Store([...data].filter(({ predicate }) => !predicate.value.endsWith('#cpu')));
  const engine = new Validator(new Store(shapes), { factory: rdfDataModel });
  assert.ok(!(await engine.validate({ dataset: broken })).conforms, 'a flavor without CPU conforms');
  await rate('shacl-engine', 'SHACL', async () => assert.ok((await engine.validate({ dataset: data })).conforms));
  const validator = new SHACLValidator(shapes);
  assert.ok(!(await validator.validate(broken)).conforms, 'a flavor without CPU conforms');
  await rate('rdf-validate-shacl', 'SHACL', async () => assert.ok((await validator.validate(data)).conforms));
}
