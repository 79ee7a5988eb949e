import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeAssets } from './comfy-v2/assets.ts';
import { type Actors, describeJobs } from './comfy-v2/jobs.ts';
import { describeRefusals } from './comfy-v2/refusals.ts';
import { contract, Rig, SEEN } from './comfy-v2/rig.ts';
import { describeSdk } from './comfy-v2/sdk.ts';

let actors: Actors;

beforeAll(async () => {
  const rig = await Rig.open({ workers: 'ready', config: { limits: { asset_bytes: 200_000 } } });
  actors = { rig, alice: await rig.register('alice'), bob: await rig.register('bob') };
});
afterAll(async () => {
  await actors?.rig.close();
});

describe('jobs', () => describeJobs(() => actors));
describe('assets', () => describeAssets(() => actors));
describe('refusals', () => describeRefusals(() => actors));
describe('official SDK', () => describeSdk(() => actors));

/** Rows `| operation | status | shown or impossible | test or reason |` of the reference page. */
function readTable(): { pair: string; verdict: string; evidence: string }[] {
  const page = readFileSync(new URL('../docs/reference/comfy-api-v2.md', import.meta.url), 'utf8');
  const rows = page.matchAll(/^\| (\w+) \| (\d{3}) \| (shown|impossible) \| (.+) \|$/gm);
  return [...rows].map(([, operation, status, verdict = '', evidence = '']) => ({
    pair: `${operation} ${status}`,
    verdict,
    evidence,
  }));
}

describe('table of operations and statuses', () => {
  const pairs = contract.operations.flatMap(({ id, responses }) =>
    Object.keys(responses).map((status) => `${id} ${status}`),
  );

  test('every status that the contract documents has exactly one row', () => {
    expect(
      readTable()
        .map(({ pair }) => pair)
        .toSorted(),
    ).toEqual(pairs.toSorted());
  });

  test('every row that is shown was answered in the test it names, and no other row was answered at all', () => {
    const shown = readTable().filter(({ verdict }) => verdict === 'shown');
    const unproven = shown.filter(
      ({ pair, evidence }) => ![...(SEEN.get(pair) ?? [])].some((name) => name.endsWith(` > ${evidence}`)),
    );
    expect(unproven).toEqual([]);
    expect([...SEEN.keys()].toSorted()).toEqual(shown.map(({ pair }) => pair).toSorted());
  });
});
