import { ComfyError, type LogEntry } from '@comfleet/comfyui';
import { createUuidV7, type WorkerId } from '@comfleet/contract';
import { FakeClock, settle } from '@comfleet/test-kit';
import { beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../platform/logging/logger.ts';
import { Twins } from './twins.ts';

/** A process with an in-memory log. */
class Process {
  readonly #entries: LogEntry[] = [];
  #micros: number;
  looks = 0;

  constructor(startMicros: number, lines = 5) {
    this.#micros = startMicros;
    for (let i = 0; i < lines; i += 1) this.print('Starting server');
  }

  print(text: string, end = '\n'): void {
    this.#micros += 7;
    this.#entries.push({ time: `2026-01-01T00:00:00.${this.#micros}`, text: text + end });
    if (this.#entries.length > 300) this.#entries.shift();
  }

  http = {
    loadLogEntries: async (): Promise<LogEntry[]> => {
      this.looks += 1;
      return [...this.#entries];
    },
  };
}

const [a, b, c] = [1, 2, 3].map((n) => createUuidV7<'worker'>(n, new Uint8Array(10))) as [
  WorkerId,
  WorkerId,
  WorkerId,
];

let ranking: WorkerId[];
let changes: WorkerId[][];
let twins: Twins;
beforeEach(() => {
  ranking = [a, b, c];
  changes = [];
  twins = new Twins({
    clock: new FakeClock(),
    logger: silentLogger,
    ranking: () => ranking,
    onChange: (ids) => changes.push([...ids]),
  });
});

async function arrive(id: WorkerId, { http }: Pick<Process, 'http'>, looks = 'alike'): Promise<void> {
  twins.arrive({ id, http }, looks);
  await settle();
}

describe('addresses of one ComfyUI', () => {
  it('are found by its log, and only the first in the fleet is used, whichever answered first', async () => {
    const one = new Process(100_000);
    await arrive(b, one);
    await arrive(a, one);
    await arrive(c, one);

    expect([a, b, c].map((id) => twins.findFirst(id))).toEqual([null, a, a]);
  });

  it('have no slots until they are compared; a server that looks like no other is not asked for its log', async () => {
    const [one, other] = [new Process(100_000), new Process(200_000)];
    twins.arrive({ id: a, http: one.http }, 'alike');
    twins.arrive({ id: b, http: one.http }, 'alike');
    twins.arrive({ id: c, http: other.http }, 'unlike');
    expect([a, b, c].map((id) => twins.isUndecided(id))).toEqual([false, true, false]);

    await settle();

    const { looks } = one;
    await arrive(b, one);

    expect(twins.isUndecided(b)).toBe(false);
    expect([one.looks, other.looks]).toEqual([looks, 0]);
    expect(changes).toEqual([[b, a]]);
  });

  it('the next one takes over when the first does not respond or may not be used, and gives way when it is back', async () => {
    const one = new Process(100_000);
    await arrive(a, one);
    await arrive(b, one);
    twins.leave(a);
    expect(twins.findFirst(b)).toBeNull();
    expect(changes.at(-1)).toEqual([b]);

    await arrive(a, one);
    expect(twins.findFirst(b)).toBe(a);
    ranking = [b, c];
    twins.review(a);
    expect([twins.findFirst(a), twins.findFirst(b)]).toEqual([b, null]);
  });

  it('a log that grew between two looks is still the same', async () => {
    const one = new Process(100_000);
    await arrive(a, one);
    const busy = {
      http: {
        loadLogEntries: async () => {
          const entries = await one.http.loadLogEntries();
          for (let i = 0; i < 20; i += 1) one.print('got prompt');
          one.print('\r 10%', '');
          return entries;
        },
      },
    };
    await arrive(b, busy);

    expect(twins.findFirst(b)).toBe(a);
  });
});

describe('a server that does not answer in time', () => {
  it('is compared again with its next good check, without losing its slots meanwhile', async () => {
    const one = new Process(100_000);
    let isBusy = true;
    const busy = {
      http: {
        loadLogEntries: () =>
          isBusy ? Promise.reject(new ComfyError('TIMEOUT', 'busy')) : one.http.loadLogEntries(),
      },
    };
    await arrive(a, one);
    await arrive(b, busy);
    expect([twins.findFirst(b), twins.isUndecided(b)]).toEqual([null, false]);

    isBusy = false;
    twins.arrive({ id: b, http: busy.http }, 'alike');
    expect(twins.isUndecided(b)).toBe(false);
    await settle();
    expect(twins.findFirst(b)).toBe(a);
  });

  it('is asked ten times at most', async () => {
    const one = new Process(100_000);
    let requests = 0;
    const silent = {
      http: {
        loadLogEntries: () => {
          requests += 1;
          return Promise.reject(new ComfyError('TIMEOUT', 'busy'));
        },
      },
    };
    await arrive(a, one);
    for (let check = 0; check < 30; check += 1) await arrive(b, silent);
    expect(requests).toBe(10);
  });
});

describe('two ComfyUIs that look alike are never one', () => {
  it.each([
    ['logs of the same words at other times', new Process(100_000), new Process(100_001)],
    ['no lines', new Process(100_000, 0), new Process(100_000, 0)],
    ['one line that is the same by chance', new Process(100_000, 1), new Process(100_000, 1)],
  ])('%s', async (_what, one, other) => {
    await arrive(a, one);
    await arrive(b, other);
    expect(twins.findFirst(b)).toBeNull();
    expect(twins.isUndecided(b)).toBe(false);
  });

  it('a copy of a log that does not go on like the original', async () => {
    const [original, copy] = [new Process(100_000), new Process(100_000)];
    copy.print('its own line');
    await arrive(a, original);
    await arrive(b, copy);
    expect(twins.findFirst(b)).toBeNull();
  });

  it('a server that does not show its log', async () => {
    const closed = { http: { loadLogEntries: () => Promise.reject(new ComfyError('BAD_STATUS', '403')) } };
    await arrive(a, closed);
    await arrive(b, closed);
    expect([twins.findFirst(b), twins.isUndecided(b)]).toEqual([null, false]);
  });

  it('an address that leads elsewhere after it was away', async () => {
    const one = new Process(100_000);
    await arrive(a, one);
    await arrive(b, one);
    twins.leave(b);
    await arrive(b, new Process(300_000));
    expect(twins.findFirst(b)).toBeNull();
  });
});
