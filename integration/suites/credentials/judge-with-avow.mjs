// Has the program `avow` judge documents that other people's software signed, and says whether it judges right: what it
// prints and how it ends.
//
//   node judge-with-avow.mjs AVOW DIR GAIA_X
//
// DIR/cases.json: {at, did_documents: [file], cases: [{name, file, expect, check, status_lists: {address: file}}]}: `expect`
// is good, bad or unknown, `check` what has to say so.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import assert from 'node:assert/strict';
import { reporter } from './documents.mjs';

const [avow, directory, gaiaX] = process.argv.slice(2);
const { at, did_documents: documents = [], cases } = JSON.parse(readFileSync(join(directory, 'cases.json'), 'utf8'));
assert.ok(cases.length > 0, 'there are no cases');
const check = reporter('avow');
const contexts = {
  'https://w3id.org/gaia-x/2511#': 'contexts/gx-2511-derived.jsonld',
  'https://registry.lab.gaia-x.eu/development/api/trusted-shape-registry/v1/shapes/jsonld/trustframework#':
    'contexts/gx-tagus-trustframework.jsonld',
};
const outcomes = { good: ['passed', 0], unknown: ['not_checked', 3], bad: ['failed', 4] };

// Every check of a report and of the credentials inside.
const checksOf = (report) => [...report.checks, ...(report.credentials ?? []).flatMap(checksOf)];

for (const { name, file, expect, check: by, status_lists: lists = {} } of cases) {
  await check(`judges ${name} ${expect}`, async () => {
    const [outcome, code] = outcomes[expect];
    const ran = spawnSync(avow, [
      'verify', join(directory, file), '--output', 'json', '--at', at,
      ...Object.entries(contexts).flatMap(([iri, path]) => ['--context', `${iri}=${join(gaiaX, path)}`]),
      ...documents.flatMap((path) => ['--did-document', join(directory, path)]),
      ...Object.entries(lists).flatMap(([address, path]) => ['--status-list', `${address}=${join(directory, path)}`]),
    ], { encoding: 'utf8' });
    assert.ok(!ran.error, String(ran.error));
    assert.ok(ran.stdout.startsWith('{'), ran.stderr);
    const report = JSON.parse(ran.stdout);
    const findings = checksOf(report).filter((one) => one.outcome !== 'passed')
      .map((one) => `${one.name} ${one.outcome}: ${one.findings[0]?.problem}`);
    assert.equal(report.outcome, outcome, findings.join('; '));
    assert.equal(ran.status, code);
    const says = checksOf(report).filter((one) => one.outcome === outcome).map((one) => one.name);
    assert.ok(!by || says.includes(by), `${by} should say so: ${findings.join('; ')}`);
  });
}
