import { expect } from 'vitest';
import { filters, pages } from './list-proofs.ts';
import type { Cases, Proof, Stage } from './stage.ts';

const SETTINGS = '/api/v2/admin/settings';
const HISTORY = `${SETTINGS}/history`;
const KEY = 'limits.graph_problems';

const change = (stage: Stage, key: string, value: unknown) => stage.get(`PUT ${SETTINGS}/${key}`, { value });

/** Changes two settings, then proves. */
const afterChanges =
  (prove: Proof | undefined): Proof =>
  async (stage) => {
    await change(stage, KEY, 90);
    await change(stage, 'limits.graph_nodes', 9000);
    await prove?.(stage);
  };

const PAGES = pages(HISTORY, 'changes', 'number');

/** Settings at run time. */
export const settingCases: Cases = {
  [`PUT ${SETTINGS}/{key}`]: {
    'body.value': async (stage) => {
      await change(stage, KEY, 80);
      expect((await stage.get(`GET ${SETTINGS}/${KEY}`)).value).toBe(80);
      await stage.refuses(`PUT ${SETTINGS}/${KEY}`, { status: 422, names: KEY, body: { value: 'many' } });
    },
    'body.expected': async (stage) => {
      await change(stage, KEY, 70);
      const put = async (expected: number) =>
        (await stage.ask(`PUT ${SETTINGS}/${KEY}`, { value: 60, expected })).status;
      expect([await put(71), await put(70)]).toEqual([409, 200]);
    },
  },
  [`GET ${HISTORY}`]: {
    'query.limit': afterChanges(PAGES['query.limit']),
    'query.cursor': afterChanges(PAGES['query.cursor']),
    'query.key': afterChanges(
      filters(HISTORY, 'changes', 'key', async () => ({
        wanted: KEY,
        other: 'limits.graph_nodes',
        fits: (made) => made.key === KEY,
      })),
    ),
  },
};
