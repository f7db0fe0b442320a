// Writes credentials that npm `jose` signed, good ones and ones with a single fault, for `avow verify` to judge: `vc+jwt` with
// every algorithm, and `JsonWebSignature2020` as the Tagus release of Gaia-X writes it, over the canonical form of jsonld.js.
// What is said is taken from a directory of ours; keys, issuers, headers and signatures are theirs.
//
//   node issue-with-jose.mjs FROM OUT GAIA_X
//
// judge-with-avow.mjs says what is written. Nothing of this is generated from our code.
import { createHash, createHmac, generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import assert from 'node:assert/strict';
import { CompactSign, FlattenedSign, exportJWK } from 'jose';
import jsonld from 'jsonld';
import * as theirs from './digitalbazaar.mjs';
import { filesOf, read, toBase58 } from './documents.mjs';

const [from, out, gaiaX] = process.argv.slice(2);
const { now } = read(from);
const cases = [];
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

const put = (file, text) => writeFileSync(join(out, file), text);
function write(name, document, expect, check) {
  const file = `${String(cases.length).padStart(3, '0')}-${name.replaceAll(/[^a-z0-9]+/gi, '-')}`;
  put(file, typeof document === 'string' ? document : JSON.stringify(document));
  cases.push({ name, file, expect, ...(check && { check }) });
}

// --- Keys and issuers ------------------------------------------------------------------------------------------------

const kinds = {
  EdDSA: () => generateKeyPairSync('ed25519'),
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  PS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
};
const codecs = { EdDSA: [0xed, 0x01], ES256: [0x80, 0x24] };

function didKeyOf(alg, { x, y }) {
  const raw = Buffer.from(x, 'base64url');
  const point = alg === 'EdDSA' ? raw : Buffer.concat([Buffer.from([2 + (Buffer.from(y, 'base64url').at(-1) & 1)]), raw]);
  const multibase = `z${toBase58(Buffer.concat([Buffer.from(codecs[alg]), point]))}`;
  return { did: `did:key:${multibase}`, kid: `did:key:${multibase}#${multibase}` };
}

const issuers = [];
const methods = [];
const web = 'did:web:issuer.example';
for (const [alg, generate] of Object.entries(kinds)) {
  const { privateKey, publicKey } = generate();
  const jwk = { ...await exportJWK(publicKey), alg };
  const kid = `${web}#${alg}`;
  methods.push({ id: kid, type: 'JsonWebKey2020', controller: web, publicKeyJwk: jwk });
  issuers.push({ alg, privateKey, publicKey, did: web, kid });
  if (alg in codecs) issuers.push({ alg, privateKey, publicKey, ...didKeyOf(alg, jwk) });
}
put('did.json', JSON.stringify({
  '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/suites/jws-2020/v1'],
  id: web, verificationMethod: methods, assertionMethod: methods.map(({ id }) => id),
}));

// --- vc+jwt ----------------------------------------------------------------------------------------------------------

// What we say, as if they had said it.
const subjects = filesOf(from, '.json').filter((file) => file !== 'expected.json')
  .map((file) => JSON.parse(readFileSync(join(from, file), 'utf8')))
  .filter(({ proof, type, credentialStatus }) => proof && !type.includes('VerifiablePresentation') && !credentialStatus)
  .map(({ proof, ...document }) => document);
assert.ok(subjects.length > 1, `two credentials are needed in ${from}`);

const headerOf = ({ alg, did, kid }, more = {}) => ({ alg, typ: 'vc+jwt', cty: 'vc', iss: did, kid, ...more });
const bytesOf = (document) => new TextEncoder().encode(typeof document === 'string' ? document : JSON.stringify(document));
const sign = (issuer, document, header = headerOf(issuer)) =>
  new CompactSign(bytesOf(document)).setProtectedHeader(header).sign(issuer.privateKey, { crit: { exp: true } });
const encode = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const withPart = (token, at, change) => token.split('.').map((part, index) => (index === at ? change(part) : part)).join('.');

for (const issuer of issuers) {
  const { alg, did } = issuer;
  const who = `${alg} ${did === web ? 'did:web' : 'did:key'}`;
  const [one, another] = subjects.map((subject) => ({ ...subject, issuer: did }));
  for (const subject of subjects) write(`${who} ${subject.type.at(-1)}`, await sign(issuer, { ...subject, issuer: did }), 'good');
  const good = await sign(issuer, one);
  const bad = (fault, check, token) => write(`${who} ${fault}`, token, 'bad', check);
  bad('payload of another credential', 'signature', withPart(good, 1, () => encode({ ...another, id: one.id })));
  bad('one bit of the signature', 'signature', withPart(good, 2, (part) => {
    const bytes = Buffer.from(part, 'base64url');
    bytes[7] ^= 1;
    return bytes.toString('base64url');
  }));
  bad('no signature', 'signature', withPart(good, 2, () => ''));
  bad('algorithm none', 'algorithm', withPart(withPart(good, 0, () => encode(headerOf(issuer, { alg: 'none' }))), 2, () => ''));
  // The public key as the secret of a message code.
  const confused = `${encode(headerOf(issuer, { alg: 'HS256' }))}.${encode(one)}`;
  const secret = issuer.publicKey.export({ format: 'der', type: 'spki' });
  bad('algorithm HS256 with the public key', 'algorithm',
    `${confused}.${createHmac('sha256', secret).update(confused).digest('base64url')}`);
  bad('an extension that must be understood', 'form', await sign(issuer, one, headerOf(issuer, { crit: ['exp'], exp: 1 })));
  bad('a key in the header', 'form', await sign(issuer, one, headerOf(issuer, { jwk: await exportJWK(issuer.publicKey) })));
  bad('another issuer in the document', 'issuer', await sign(issuer, { ...one, issuer: 'did:web:other.example' }));
  bad('another type in the header', 'form', await sign(issuer, one, headerOf(issuer, { typ: 'vp+jwt', cty: 'vp' })));
  bad('padding', 'syntax', `${good}=`);
  bad('a member twice', 'syntax', await sign(issuer, JSON.stringify(one).replace('"validUntil":', '"validUntil":"2098-01-01T00:00:00Z","validUntil":')));
  bad('over', 'period', await sign(issuer, { ...one, validFrom: '2020-01-01T00:00:00Z', validUntil: '2020-02-01T00:00:00Z' }));
  bad('not yet', 'period', await sign(issuer, { ...one, validFrom: '2090-01-01T00:00:00Z', validUntil: '2091-01-01T00:00:00Z' }));
  if (did === web) {
    const other = issuers.find((one) => one.did === web && one.alg !== alg);
    bad('key of another algorithm', 'algorithm', await sign(issuer, one, headerOf(issuer, { kid: other.kid })));
    bad('key that is not published', 'key', await sign(issuer, one, headerOf(issuer, { kid: `${web}#none` })));
  }
}

// --- JsonWebSignature2020 --------------------------------------------------------------------------------------------

const TAGUS = 'https://registry.lab.gaia-x.eu/development/api/trusted-shape-registry/v1/shapes/jsonld/trustframework#';
const contexts = {
  [TAGUS]: 'contexts/gx-tagus-trustframework.jsonld',
  'https://www.w3.org/2018/credentials/v1': 'contexts/w3c-credentials-v1.jsonld',
};
const handedIn = Object.fromEntries(
  Object.entries(contexts).map(([iri, file]) => [iri, JSON.parse(readFileSync(join(gaiaX, file), 'utf8'))]),
);
const documentLoader = theirs.loader(gaiaX, handedIn);
const tagus = (issuer) => ({
  '@context': ['https://www.w3.org/2018/credentials/v1', TAGUS],
  id: 'https://issuer.example/credentials/tagus', type: ['VerifiableCredential'], issuer,
  issuanceDate: '2026-11-20T00:00:00Z', expirationDate: '2027-02-01T00:00:00Z',
  credentialSubject: {
    id: 'https://issuer.example/participant', type: 'gx:LegalParticipant', 'gx:legalName': 'Example \u00e4 "GmbH"',
    'gx:headquarterAddress': { 'gx:countrySubdivisionCode': 'DE-SN' },
    'gx:legalAddress': { 'gx:countrySubdivisionCode': 'DE-SN' },
  },
});
const canonical = (document) => jsonld.canonize(document, {
  algorithm: 'RDFC-1.0', format: 'application/n-quads', documentLoader, safe: true,
});

// A detached JWS whose payload is not encoded (RFC 7797), over the hexadecimal digest of the statements.
async function prove(issuer, document, { more = {}, header = {}, statements } = {}) {
  const digest = createHash('sha256').update(statements ?? await canonical(document)).digest('hex');
  const signed = await new FlattenedSign(new TextEncoder().encode(digest))
    .setProtectedHeader({ alg: issuer.alg, b64: false, crit: ['b64'], ...header }).sign(issuer.privateKey);
  return {
    ...document,
    proof: {
      type: 'JsonWebSignature2020', created: '2026-11-20T00:00:00Z', proofPurpose: 'assertionMethod',
      verificationMethod: issuer.kid, jws: `${signed.protected}..${signed.signature}`, ...more,
    },
  };
}

for (const issuer of issuers) {
  const who = `JsonWebSignature2020 ${issuer.alg} ${issuer.did === web ? 'did:web' : 'did:key'}`;
  const document = tagus(issuer.did);
  const good = await prove(issuer, document);
  write(who, good, 'good');
  const bad = (fault, check, proven) => write(`${who} ${fault}`, proven, 'bad', check);
  const changed = structuredClone(good);
  changed.credentialSubject['gx:legalName'] = 'Other';
  bad('another name', 'signature', changed);
  bad('statements of another document', 'signature',
    await prove(issuer, document, { statements: await canonical({ ...document, id: 'urn:x-test:other' }) }));
  bad('an encoded payload', 'form', await prove(issuer, document, { header: { b64: true } }));
  bad('purpose authentication', 'key', await prove(issuer, document, { more: { proofPurpose: 'authentication' } }));
  bad('another issuer', 'issuer', await prove(issuer, { ...document, issuer: 'did:web:other.example' }));
  bad('over', 'period', await prove(issuer, { ...document, expirationDate: '2026-11-20T00:00:01Z' }));
  bad('two proofs', 'form', { ...good, proof: [good.proof, good.proof] });
}

put('cases.json', JSON.stringify({ at: now.toISOString(), did_documents: ['did.json'], cases }, null, 2));
