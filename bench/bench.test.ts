import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { Numbers } from './measure.mjs';
import { computeAdded, formatReport, listTargets } from './report.mjs';
import { toPercentiles } from './statistics.mjs';

const PAGE = join(import.meta.dirname, '../docs/reference/numbers.md');

test('the quick run measures every figure and leaves the page as it is', { timeout: 120_000 }, async () => {
  const before = await readFile(PAGE, 'utf8');

  const args = [join(import.meta.dirname, 'main.mjs'), '--quick', '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, args);

  const numbers: Numbers = JSON.parse(stdout);
  expect(numbers.latency.map(({ inFlight }) => inFlight)).toEqual([1, 8]);
  for (const { direct, comfleet } of numbers.latency) {
    expect(direct.total.count).toBeGreaterThanOrEqual(100);
    expect(comfleet.total.count).toBe(direct.total.count);
    expect(direct.total.p50).toBeGreaterThan(0);
    expect(comfleet.total.p99).toBeGreaterThanOrEqual(comfleet.total.p50);
    expect(comfleet.endToReadable.p50).toBeGreaterThan(0);
    expect(comfleet.endToReadable.p50).toBeLessThan(comfleet.total.p50);
  }
  expect(numbers.throughput.map(({ records, tasks }) => [records, tasks])).toEqual([
    ['SQLite, durability: power', 300],
    ['SQLite, durability: process', 300],
  ]);
  for (const { storedPerSecond, acceptedPerSecond } of numbers.throughput) {
    expect(storedPerSecond).toBeGreaterThan(0);
    expect(acceptedPerSecond).toBeGreaterThanOrEqual(storedPerSecond);
  }
  expect(numbers.disk[0]).toMatchObject({ what: 'write 4 KiB and fdatasync', inFlight: 1 });
  expect(await readFile(PAGE, 'utf8')).toBe(before);
});

test('percentiles use the nearest rank', () => {
  const values = Array.from({ length: 200 }, (_value, index) => 200 - index);

  expect(toPercentiles(values)).toEqual({ count: 200, p50: 100, p90: 180, p99: 198, max: 200 });
});

function createNumbers(times: {
  directP50: number;
  comfleetP50: number;
  endP99: number;
  perSecond: number;
}): Numbers {
  const side = (p50: number, p99: number, endP99: number) => ({
    total: { count: 1000, p50, p90: p50, p99, max: p99 },
    endToReadable: { count: 1000, p50: 1, p90: 2, p99: endP99, max: endP99 },
  });
  return {
    latency: [
      {
        inFlight: 1,
        direct: side(times.directP50, 30, 5),
        comfleet: side(times.comfleetP50, 60, times.endP99),
      },
    ],
    throughput: [
      {
        records: 'SQLite, durability: power',
        tasks: 3000,
        inFlight: 64,
        acceptedPerSecond: 900,
        storedPerSecond: times.perSecond,
        cpuMsPerTask: { server: 2, serverMainThread: 1.5, load: 0.5, workers: 1.5 },
      },
    ],
    disk: [],
    leftOut: ['MariaDB: MariaDB is not installed'],
  };
}

test('a target counts as met only when its figure meets it', () => {
  const good = createNumbers({ directP50: 5, comfleetP50: 15, endP99: 100, perSecond: 500 });
  const bad = createNumbers({ directP50: 5, comfleetP50: 15.1, endP99: 100.1, perSecond: 499 });

  expect(computeAdded(good.latency[0] as Numbers['latency'][number])).toEqual({ p50: 10, p99: 30 });
  expect(listTargets(good).map(({ isMet }) => isMet)).toEqual([true, true, true]);
  expect(listTargets(bad).map(({ isMet }) => isMet)).toEqual([false, false, false]);
});

test('the page names unmet targets and what was not measured', () => {
  const numbers = createNumbers({ directP50: 5, comfleetP50: 25, endP99: 50, perSecond: 300 });

  const page = formatReport(numbers, { date: '2026-01-02', loadBefore: 0.5, loadAfter: 3.25 });

  expect(page).toContain(
    '| time Comfleet adds to a task, 1 in flight | p50 ≤ 10 ms, p99 ≤ 50 ms | p50 20 ms, p99 30 ms | **not met** |',
  );
  expect(page).toContain(
    '| durable tasks through 8 workers, SQLite, durability: power | ≥ 500 per second | 300 per second | **not met** |',
  );
  expect(page).toContain('Not measured: MariaDB: MariaDB is not installed.');
});
