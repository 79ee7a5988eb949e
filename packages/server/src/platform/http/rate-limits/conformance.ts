import { describe, expect, test } from 'vitest';
import type { RateLimitStore } from './rate-limit-store.ts';

/** An empty store, and a way to let the time of its clock pass. */
export interface OpenedStore {
  readonly store: RateLimitStore;
  readonly pass: (ms: number) => Promise<void>;
}

const PER_MINUTE = { name: 'test', limit: 6, windowMs: 60_000 };

/** What every store of rate limits must do; a store's test calls this with a function that opens empty ones. */
export function describeRateLimitStore(name: string, open: () => Promise<OpenedStore>): void {
  const take = ({ store }: OpenedStore, key = 'a', limit = PER_MINUTE.limit) =>
    store.take(key, { ...PER_MINUTE, limit }, 1);
  const takeMany = (opened: OpenedStore, count: number, key = 'a') =>
    Promise.all(Array.from({ length: count }, () => take(opened, key)));

  describe(`${name} as a store of rate limits`, () => {
    test('AU11 of 50 requests at once exactly as many are allowed as the limit', async () => {
      const opened = await open();
      const decisions = await takeMany(opened, 50);
      expect(decisions.filter(({ isAllowed }) => isAllowed)).toHaveLength(6);
      expect(decisions.map(({ remaining }) => remaining).slice(0, 7)).toEqual([5, 4, 3, 2, 1, 0, 0]);
    });

    test('AU11 keys do not share', async () => {
      const opened = await open();
      await takeMany(opened, 6, 'a');
      expect((await take(opened, 'a')).isAllowed).toBe(false);
      expect(await take(opened, 'b')).toMatchObject({ isAllowed: true, remaining: 5 });
    });

    test('AU11 a refused request passes after its wait and not before', async () => {
      const opened = await open();
      await takeMany(opened, 6);
      const { isAllowed, retryMs } = await take(opened);
      expect([isAllowed, Math.ceil(retryMs / 1000)]).toEqual([false, 10]);
      await opened.pass(9000);
      expect((await take(opened)).isAllowed).toBe(false);
      await opened.pass(1000);
      expect((await takeMany(opened, 2)).map((one) => one.isAllowed)).toEqual([true, false]);
    });

    test('the whole limit is there again after the time that a decision says', async () => {
      const opened = await open();
      const [first] = await takeMany(opened, 3);
      expect(Math.ceil((first?.resetMs ?? 0) / 1000)).toBe(10);
      await opened.pass(30_000);
      expect((await takeMany(opened, 7)).filter((one) => one.isAllowed)).toHaveLength(6);
    });

    test('a request that costs more takes all of its cost or nothing', async () => {
      const { store } = await open();
      const costs = [4, 4, 2];
      const decisions = [];
      for (const cost of costs) decisions.push(await store.take('a', PER_MINUTE, cost));
      expect(decisions.map(({ isAllowed, remaining }) => [isAllowed, remaining])).toEqual([
        [true, 2],
        [false, 2],
        [true, 0],
      ]);
    });

    test('AU11 another limit counts from the next request', async () => {
      const opened = await open();
      await takeMany(opened, 7);
      expect((await take(opened, 'a', 600)).isAllowed).toBe(false);
      await opened.pass(1000);
      const raised = await take(opened, 'a', 600);
      expect([raised.isAllowed, raised.remaining]).toEqual([true, 9]);
      expect((await take(opened, 'a', 1)).isAllowed).toBe(false);
    });
  });
}
