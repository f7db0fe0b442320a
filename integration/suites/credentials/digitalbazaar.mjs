// Digital Bazaar's libraries as this suite uses them: `@digitalbazaar/vc` with the cryptosuites eddsa-rdfc-2022 and
// eddsa-jcs-2022, and a document loader that fetches nothing: it knows the W3C's context from their package, did:key, and
// what it is handed.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import assert from 'node:assert/strict';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import * as didKey from '@digitalbazaar/did-method-key';
import * as jcs from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import * as statusLists from '@digitalbazaar/vc-bitstring-status-list';
import * as vc from '@digitalbazaar/vc';
import { cryptosuite as rdfc } from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import { DataIntegrityProof } from '@digitalbazaar/data-integrity';
import { named } from '@digitalbazaar/credentials-context';
import jsigs from 'jsonld-signatures';

const suites = {
  'eddsa-rdfc-2022': { sign: () => rdfc, verify: () => rdfc },
  'eddsa-jcs-2022': { sign: jcs.createSignCryptosuite, verify: jcs.createVerifyCryptosuite },
};
export const cryptosuites = Object.keys(suites);

// The Gaia-X contexts are not ours to publish with this tree; they are looked for beside it.
const gaiaX = {
  'https://w3id.org/gaia-x/2511#': 'contexts/gx-2511-derived.jsonld',
  'https://w3id.org/gaia-x/development#': 'ontology-development/gx.context.jsonld',
};

const driver = didKey.driver();
driver.use({ multibaseMultikeyHeader: 'z6Mk', fromMultibase: Ed25519Multikey.from });

export function loader(gaiaXDirectory, handedIn = {}) {
  const { id, context } = named.get('v2');
  const known = new Map([[id, context], ...Object.entries(handedIn)]);
  for (const [address, file] of Object.entries(gaiaX)) {
    const path = join(gaiaXDirectory ?? '', file);
    if (existsSync(path)) known.set(address, JSON.parse(readFileSync(path, 'utf8')));
  }
  return async (url) => {
    const document = url.startsWith('did:key:') ? await driver.get({ url }) : known.get(url) ?? part(url, known);
    if (!document) throw new Error(`nothing is fetched, and ${url} was not handed in`);
    return { contextUrl: null, documentUrl: url, document };
  };
}

// A verification method out of a DID document that was handed in.
function part(url, known) {
  const document = known.get(url.split('#')[0]);
  const method = document?.verificationMethod?.find(({ id }) => id === url);
  return method && { '@context': 'https://w3id.org/security/multikey/v1', ...method };
}

// The key made from 32 bytes, with its did:key.
export async function keyOf(seed) {
  const key = await Ed25519Multikey.generate({ seed });
  key.controller = `did:key:${key.publicKeyMultibase}`;
  key.id = `${key.controller}#${key.publicKeyMultibase}`;
  return key;
}

export const signing = (name, key, date) =>
  new DataIntegrityProof({ signer: key.signer(), date, cryptosuite: suites[name].sign() });

const verifying = () => cryptosuites.map((name) => new DataIntegrityProof({ cryptosuite: suites[name].verify() }));

export async function issue(credential, { suite, documentLoader, now, purpose }) {
  return vc.issue({ credential: structuredClone(credential), suite, documentLoader, now, ...(purpose && { purpose }) });
}

export async function present(presentation, { suite, documentLoader }) {
  const purpose = new jsigs.purposes.AssertionProofPurpose();
  return vc.signPresentation({ presentation: structuredClone(presentation), purpose, suite, documentLoader });
}

// Resolves when they accept the document, and rejects with their reason when they do not.
export async function verify(document, { documentLoader, now, checkStatus }) {
  const options = { suite: verifying(), documentLoader, now, checkStatus };
  const isPresentation = [document.type].flat().includes('VerifiablePresentation');
  const result = isPresentation
    ? await vc.verify({
      ...options, presentation: withOneContext(document),
      presentationPurpose: new jsigs.purposes.AssertionProofPurpose(),
    })
    : await vc.verifyCredential({ ...options, credential: withOneContext(document) });
  if (result.verified) return result;
  const inside = result.credentialResults?.find(({ verified }) => !verified);
  throw result.error ?? inside?.error ?? new Error(`refused: ${JSON.stringify(result.statusResult ?? result)}`);
}

// What the status lists say of a credential, once for each entry. Each list is checked like any other credential, at `now`,
// which their own check does not take.
export async function statusOf(credential, { documentLoader, now }) {
  for (const { statusListCredential } of [credential.credentialStatus].flat()) {
    await verify((await documentLoader(statusListCredential)).document, { documentLoader, now });
  }
  const result = await statusLists.checkStatus({
    credential, documentLoader, verifyBitstringStatusListCredential: false,
  });
  if (!result.verified) throw result.error;
  return result.results.map(({ status }) => status);
}

// Version 1.0.0 of their eddsa-jcs-2022 compares the contexts of proof and document with `!==`, so that it refuses every
// document read from a file in which a context stands inline. Where both are equal they become one object here.
function withOneContext(document) {
  const copy = structuredClone(document);
  for (const one of [copy, ...[copy.verifiableCredential ?? []].flat()]) {
    if (!one.proof?.['@context']) continue;
    assert.deepEqual(one.proof['@context'], one['@context'], 'contexts of proof and document');
    one.proof['@context'] = one['@context'];
  }
  return copy;
}

// As they do it without that help.
export async function verifyAsRead(document, { documentLoader, now }) {
  const credential = structuredClone(document);
  const result = await vc.verifyCredential({ credential, suite: verifying(), documentLoader, now });
  if (!result.verified) throw result.error;
}
