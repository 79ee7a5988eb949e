import { expect, test } from 'vitest';
import { QuotaCounters, type Reservation, type Wish } from './quota-counters.ts';

/** What is stored, and how often it was counted. */
class Stored {
  amount = 0;
  counts = 0;

  wish(changes: Partial<Wish> = {}): Wish {
    return {
      ...{ key: 'a', period: '', amount: 1, limit: 10, shrinks: true, drains: true },
      count: async () => {
        this.counts += 1;
        return this.amount;
      },
      ...changes,
    };
  }
}

async function reserve(counters: QuotaCounters, ...wishes: Wish[]): Promise<Reservation> {
  const outcome = await counters.reserve(wishes);
  if (outcome.kind === 'refused') throw new Error(`refused at ${outcome.used}`);
  return outcome.reservation;
}

/** Stores what fits, after a moment. */
async function act(counters: QuotaCounters, stored: Stored, wish: Wish): Promise<boolean> {
  const outcome = await counters.reserve([wish]);
  if (outcome.kind === 'refused') return false;
  await Promise.resolve();
  stored.amount += wish.amount;
  await Promise.resolve();
  outcome.reservation.keep();
  return true;
}

test('AU10 of any number of acts at once exactly as many pass as fit', async () => {
  const counters = new QuotaCounters();
  const stored = new Stored();
  stored.amount = 3;
  const acts = Array.from({ length: 50 }, () => act(counters, stored, stored.wish()));

  expect((await Promise.all(acts)).filter(Boolean)).toHaveLength(7);
  expect(stored.amount).toBe(10);
});

test('AU10 what became less is counted before a refusal, and room is used at once', async () => {
  const counters = new QuotaCounters();
  const stored = new Stored();
  for (let done = 0; done < 10; done += 1) await act(counters, stored, stored.wish());
  stored.amount = 4;
  const acts = Array.from({ length: 20 }, () => act(counters, stored, stored.wish()));

  expect((await Promise.all(acts)).filter(Boolean)).toHaveLength(6);
});

test('AU10 what cannot become less is counted once', async () => {
  const counters = new QuotaCounters();
  const stored = new Stored();
  const wish = stored.wish({ shrinks: false });
  for (let done = 0; done < 30; done += 1) await act(counters, stored, wish);

  expect([stored.amount, stored.counts]).toEqual([10, 1]);
});

test('AU10 an act that did not happen gives its part back', async () => {
  const counters = new QuotaCounters();
  const stored = new Stored();
  const wish = stored.wish({ amount: 10, shrinks: false });
  (await reserve(counters, wish)).release();

  await expect(reserve(counters, wish)).resolves.toBeDefined();
});

test('AU10 all wishes are reserved or none', async () => {
  const counters = new QuotaCounters();
  const [own, project] = [new Stored(), new Stored()];
  project.amount = 10;
  const outcome = await counters.reserve([own.wish(), project.wish({ key: 'b' })]);

  expect(outcome).toMatchObject({ kind: 'refused', wish: { key: 'b' }, used: 10 });
  expect(await counters.reserve([own.wish({ amount: 10 })])).toMatchObject({ kind: 'reserved' });
});

test('AU10 a new day counts again, with what is under way at midnight', async () => {
  const counters = new QuotaCounters();
  const stored = new Stored();
  const monday = (changes: Partial<Wish> = {}) => stored.wish({ period: 'mon', shrinks: false, ...changes });
  const late = await reserve(counters, monday({ amount: 4 }));
  const next = counters.reserve([monday({ period: 'tue', amount: 7 })]);
  // It is stored after midnight, so it is of the new day.
  stored.amount = 4;
  late.keep();

  expect(await next).toMatchObject({ kind: 'refused', used: 4 });
  expect(await counters.reserve([monday({ period: 'tue', amount: 6 })])).toMatchObject({ kind: 'reserved' });
});

test('AU10 what is long under way counts with its upper bound, and then with what it came to', async () => {
  const counters = new QuotaCounters();
  const stored = new Stored();
  const wish = stored.wish({ amount: 6, drains: false });
  const upload = await reserve(counters, wish);

  expect(await counters.reserve([wish])).toMatchObject({ kind: 'refused', used: 6 });
  stored.amount = 2;
  upload.keep(2);
  expect(await counters.reserve([wish])).toMatchObject({ kind: 'reserved' });
});

test('AU10 a count that fails refuses nothing for ever', async () => {
  const counters = new QuotaCounters();
  const stored = new Stored();
  const failing = stored.wish({ count: () => Promise.reject(new Error('no database')) });

  await expect(counters.reserve([failing])).rejects.toThrow('no database');
  expect(await counters.reserve([stored.wish()])).toMatchObject({ kind: 'reserved' });
});
