import type { Json } from '@comfleet/test-kit/server';
import { expect } from 'vitest';
import type { Proof, Stage } from './stage.ts';

/** Sends a query that is refused, and the refusal names this parameter. */
export const refuses = (request: string, names: string): Proof => {
  return (stage) => stage.refuses(`GET ${request}`, { status: 400, names: `"path":"${names}"` });
};

/** A filter lists only matches, and this item among them; `other` matches none. */
export function filters(
  path: string,
  list: string,
  name: string,
  values: (stage: Stage) => Promise<Filter>,
): Proof {
  return async (stage) => {
    const { wanted, other, fits } = await values(stage);
    const load = async (value: string) =>
      (await stage.get(`GET ${path}?${name}=${encodeURIComponent(value)}`))[list];
    const found: Json[] = await load(wanted);
    expect(found.length).toBeGreaterThan(0);
    expect(found.filter((one) => !fits(one))).toEqual([]);
    expect((await load(other)).filter(fits)).toEqual([]);
  };
}

/** Values of a filter, and what it must let through. */
export interface Filter {
  wanted: string;
  other: string;
  fits: (one: Json) => boolean;
}

/** Two pages of one item equal one page of two; an invalid limit is refused. */
export function pages(path: string, list: string, id: string): Record<string, Proof> {
  const prove: Proof = async (stage) => {
    const whole = await stage.get(`GET ${path}?limit=2`);
    const first = await stage.get(`GET ${path}?limit=1`);
    const second = await stage.get(`GET ${path}?limit=1&cursor=${encodeURIComponent(first.next_cursor)}`);
    expect([...first[list], ...second[list]].map((one) => one[id])).toEqual(
      whole[list].map((one: Json) => one[id]),
    );
    expect(whole[list]).toHaveLength(2);
    await refuses(`${path}?limit=0`, 'limit')(stage);
  };
  return { 'query.limit': prove, 'query.cursor': prove };
}
