import { readFileSync } from 'node:fs';
import type { Json } from '@comfleet/test-kit/server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { auditCases } from './fields/audit-cases.ts';
import { fileCases } from './fields/file-cases.ts';
import { gatewayCases } from './fields/gateway-cases.ts';
import { listFields } from './fields/list-fields.ts';
import { optionCases } from './fields/option-cases.ts';
import { peopleCases } from './fields/people-cases.ts';
import { performanceCases } from './fields/performance-cases.ts';
import { policyCases } from './fields/policy-cases.ts';
import { projectCases } from './fields/project-cases.ts';
import { queryCases } from './fields/query-cases.ts';
import { quotaCases } from './fields/quota-cases.ts';
import { settingCases } from './fields/setting-cases.ts';
import { type Cases, type Proof, Stage } from './fields/stage.ts';
import { submissionCases } from './fields/submission-cases.ts';
import { taskCases } from './fields/task-cases.ts';
import { tokenCases } from './fields/token-cases.ts';
import { userCases } from './fields/user-cases.ts';
import { workerCases } from './fields/worker-cases.ts';

/*
 * Every field in the API document has a case that sends it and shows its effect. All cases share one server.
 */

const CASES = mergeCases([
  optionCases,
  submissionCases,
  queryCases,
  peopleCases,
  policyCases,
  workerCases,
  gatewayCases,
  fileCases,
  taskCases,
  tokenCases,
  userCases,
  projectCases,
  auditCases,
  quotaCases,
  settingCases,
  performanceCases,
]);

function mergeCases(all: readonly Cases[]): [name: string, prove: Proof][] {
  return all.flatMap((cases) =>
    Object.entries(cases).flatMap(([operation, proofs]) =>
      Object.entries(proofs).map(([field, prove]): [string, Proof] => [`${operation} ${field}`, prove]),
    ),
  );
}

let stage: Stage;
let document: Json;
beforeAll(async () => {
  stage = await Stage.open();
  document = (await stage.ask('GET /openapi.json')).json;
});
afterAll(() => stage?.close());

const toNames = (of: Json) =>
  listFields(of).flatMap(({ operation, fields }) => fields.map((field) => `${operation} ${field}`));

test('TD12 every field of every request has a case, and every case a field', () => {
  expect(CASES.map(([name]) => name).sort()).toEqual(toNames(document).sort());
});

test.each(CASES)('TD12 has an effect or is refused: %s', (_name, prove) => prove(stage));

test('the fields of the Comfy API v2 in the document are those of its contract', () => {
  const file = new URL('./contracts/comfy-api-v2.openapi.yaml', import.meta.url);
  const contract = toNames(parse(readFileSync(file, 'utf8')));
  const isContract = (name: string) => / \/api\/v2\/(jobs|assets)/.test(name);
  expect(toNames(document).filter(isContract).sort()).toEqual(
    contract.filter((name) => isContract(name) && !/ header\.(range|last-event-id)$/.test(name)).sort(),
  );
});

/* Routes with a contract of another product or of monitoring: that contract decides about unknown fields. */
const FOREIGN = /^\w+ \/(api\/v2\/(jobs|assets|health)|api\/health|health|healthz|readyz|metrics)/;

test('a field that no native request has is refused by its name', async () => {
  const names = listFields(document).map(({ operation }) => operation);
  for (const operation of names.filter((name) => !FOREIGN.test(name))) {
    const address = operation.replace(/\{\w+\}/g, '01900000-0000-7000-8000-000000000001');
    const query = await stage.ask(`${address}?surprise=1`);
    // When body and query are both wrong, the body is reported first.
    const isNamed = query.text.includes('"in":"body"') || query.text.includes('surprise');
    expect([operation, query.status, isNamed]).toEqual([operation, expect.toSatisfy(isRefusal), true]);
    if (operation.startsWith('GET') || operation.endsWith('/uploads')) continue;
    const body = await stage.ask(address, { surprise: 1 });
    const named = body.text.includes('surprise');
    expect([operation, body.status, named]).toEqual([operation, expect.toSatisfy(isRefusal), true]);
  }
});

function isRefusal(status: number): boolean {
  return status === 400 || status === 415 || status === 422;
}
