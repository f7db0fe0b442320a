// Checks the subjects of our credentials with rdf-validate-shacl against the shapes of Gaia-X 25.11 and our own, and that it
// can refuse. JSON-LD is read by jsonld.js. Nothing is fetched: a context that is not there is an error.
//
//   node verify-with-rdf-validate-shacl.mjs DIR GAIA_X VOCABULARY
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import assert from 'node:assert/strict';
import jsonld from 'jsonld';
import { Parser, Store } from 'n3';
import SHACLValidator from 'rdf-validate-shacl';
import { loader } from './digitalbazaar.mjs';
import { filesOf, reporter } from './documents.mjs';

const [directory, gaiaX, vocabulary] = process.argv.slice(2);
const check = reporter('rdf-validate-shacl');
const documentLoader = loader(gaiaX);
const turtle = (path) => new Parser({ blankNodePrefix: `_:${basename(path)}-` }).parse(readFileSync(path, 'utf8'));
const gaiaXShapes = new SHACLValidator(turtle(join(gaiaX, 'ontology-2511/shapes.ttl')));
const ownShapes = new SHACLValidator(turtle(join(vocabulary, 'avow-v1.shapes.ttl')));
const hierarchy = turtle(join(gaiaX, 'ontology-2511/ontology-hierarchy.ttl'));

function subjectOf(file) {
  const payload = Buffer.from(readFileSync(join(directory, file), 'utf8').split('.')[1], 'base64url');
  const credential = JSON.parse(payload.toString('utf8'));
  // A presentation has no subject.
  return credential.credentialSubject && { '@context': credential['@context'], ...credential.credentialSubject };
}

// What the shapes say of all subjects in one graph, as `component path`.
async function violations(validator, subjects) {
  const data = new Store(hierarchy);
  for (const subject of subjects) {
    const lines = await jsonld.toRDF(subject, { documentLoader, format: 'application/n-quads', safe: true });
    data.addQuads(new Parser({ format: 'N-Quads' }).parse(lines));
  }
  const report = await validator.validate(data);
  const name = (term) => term?.value.split('#').at(-1) ?? '';
  const found = report.results.map((one) => `${name(one.sourceConstraintComponent)} ${name(one.path)}`);
  assert.equal(report.conforms, found.length === 0);
  return [...new Set(found)].sort();
}

const subjects = filesOf(directory, '.jwt').map(subjectOf).filter(Boolean);
const isGaiaX = ({ type }) => [type].flat()[0].startsWith('gx:');
const theirs = subjects.filter(isGaiaX);
const own = subjects.filter((subject) => !isGaiaX(subject));

async function refuses(type, change, expected, validator = gaiaXShapes, among = theirs) {
  const copies = structuredClone(among);
  change(copies.find((subject) => [subject.type].flat().includes(type)));
  const found = await violations(validator, copies);
  assert.ok(found.includes(expected), `expected ${expected}, got ${found.join(', ') || 'nothing'}`);
}

await check(`the ${theirs.length} Gaia-X subjects conform`, async () => {
  assert.ok(theirs.length, 'no credential of a Gaia-X class');
  assert.deepEqual(await violations(gaiaXShapes, theirs), []);
});
await check(`the ${own.length} subjects of our own classes conform`, async () => {
  assert.ok(own.length, 'no credential of our own classes');
  assert.deepEqual(await violations(ownShapes, own), []);
});
await check('refuses a verdict with a property more', () => refuses(
  'avow:IndependenceVerdict', (verdict) => { verdict['avow:unheardOf'] = 'x'; }, 'ClosedConstraintComponent unheardOf',
  ownShapes, own));
await check('refuses a zone with a property more', () => refuses(
  'gx:AvailabilityZone', (zone) => { zone['gx:location'] = zone['gx:address']; }, 'ClosedConstraintComponent location'));
await check('refuses a datacenter without zones', () => refuses(
  'gx:Datacenter', (site) => { delete site['gx:aggregationOfResources']; },
  'MinCountConstraintComponent aggregationOfResources'));
await check('refuses a legal person without a registration number', () => refuses(
  'gx:LegalPerson', (person) => { delete person['gx:registrationNumber']; },
  'MinCountConstraintComponent registrationNumber'));
