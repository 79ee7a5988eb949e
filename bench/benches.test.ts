import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { ControlPlane } from './control-plane/measure-control-plane.mjs';
import { createObjectInfo, OBJECT_INFO_BYTES } from './control-plane/object-info.mjs';
import { formatControlPlane, listControlPlaneTargets } from './control-plane/report-control-plane.mjs';
import type { DecisionTimes } from './decision/measure-decision.mjs';
import type { Faults } from './faults/measure-faults.mjs';
import { listFaultTargets } from './faults/report-faults.mjs';
import { keepSections, replaceSection } from './page.mjs';
import type { RateLimitCost } from './rate-limits/measure-rate-limits.mjs';
import type { Comparison } from './scheduling/compare.mjs';

async function runQuick(name: string): Promise<unknown> {
  const args = [join(import.meta.dirname, 'main.mjs'), name, '--quick', '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 16 * 1024 ** 2 });
  return JSON.parse(stdout);
}

test('the quick control plane bench connects its stand-ins, lets its tasks wait, and finds them again after a restart', async () => {
  const measured = (await runQuick('control-plane')) as ControlPlane;

  expect(measured).toMatchObject({ workers: 50, tasks: 1000, lanes: 10 });
  expect(measured.acceptMs).toHaveLength(1);
  for (const load of [measured.empty, measured.idle, measured.restarted]) {
    expect(load.maxRssMib).toBeGreaterThan(50);
    expect(load.maxRssMib).toBeLessThan(1024);
  }
  expect(measured.health.count).toBeGreaterThan(1);
});

test('the quick decision bench measures decisions', async () => {
  const { freedSlot, newTask } = (await runQuick('decision')) as DecisionTimes;

  for (const times of [freedSlot, newTask]) {
    expect(times.count).toBe(1000);
    expect(times.p50).toBeGreaterThan(0);
    expect(times.p99).toBeGreaterThanOrEqual(times.p50);
  }
});

test('the quick faults bench kills a worker and the server, and every task ends all the same', async () => {
  const { runs, restarts } = (await runQuick('faults')) as Faults;

  expect(runs).toHaveLength(1);
  expect(runs[0]?.moved).toBeGreaterThan(0);
  expect(runs[0]?.movedMs).toBeGreaterThan(0);
  expect(restarts[0]?.takesMs).toBeGreaterThan(0);
});

test('AU11 the quick rate limits bench measures requests with and without a limit', async () => {
  const { takeNs, freeUs, countedUs, refusedUs } = (await runQuick('rate-limits')) as RateLimitCost;

  expect(takeNs).toBeGreaterThan(0);
  for (const us of [freeUs, countedUs, refusedUs]) expect(us).toBeGreaterThan(0);
});

test('the cost of faults is judged by the worst run', () => {
  const run = {
    isBusy: false,
    killedAtMs: 0,
    downMs: 5000,
    calmMs: 1000,
    faultMs: 1100,
    movedMs: 900,
    moved: 2,
    ejected: 0,
  };
  const rate = (worst: object, takesMs: number) =>
    listFaultTargets({
      tasks: 100,
      runs: [run, { ...run, ...worst }],
      restarts: [{ takesMs, answersMs: 1, cpuMs: 1 }],
    }).map(({ isMet }) => isMet);

  expect(rate({}, 3000)).toEqual([true, true, true, true]);
  expect(rate({ faultMs: 1260, movedMs: 2001, ejected: 1 }, 3001)).toEqual([false, false, false, false]);
});

test('the quick scheduling bench compares every policy on two scenarios', async () => {
  const comparisons = (await runQuick('scheduling')) as Comparison[];

  expect(comparisons.map(({ scenario }) => scenario)).toEqual(['steady', 'mixed']);
  for (const { policies, best } of comparisons) {
    expect(policies.map(({ name }) => name)).toEqual([
      'random',
      'round robin',
      'least queue',
      'first in, first out',
      'Comfleet',
    ]);
    expect(best.switches).toBeGreaterThan(0);
  }
});

test('a generated object_info is as large as a real one, always the same, and different for another installation', () => {
  const create = (variant: number) => createObjectInfo({ variant, checkpoints: ['a.safetensors'] });

  const text = create(1);
  expect(text.length).toBeGreaterThanOrEqual(OBJECT_INFO_BYTES);
  expect(text.length).toBeLessThan(OBJECT_INFO_BYTES + 5000);
  expect(create(1)).toBe(text);
  expect(create(2)).not.toBe(text);
  expect(JSON.parse(text).CheckpointLoaderSimple.input.required.ckpt_name[0]).toEqual(['a.safetensors']);
});

test('a bench replaces its own section and leaves the others; a rewritten page keeps them', () => {
  const page = replaceSection(replaceSection('# Numbers\n', 'one', 'old'), 'two', 'second');
  const changed = replaceSection(page, 'one', 'new $& text');

  expect(changed).toContain('<!-- section one -->\n\nnew $& text\n\n<!-- end of one -->');
  expect(changed).toContain('second');
  expect(changed).not.toContain('old');
  expect(keepSections('# Other\n', changed)).toBe(changed.replace('# Numbers', '# Other'));
});

test('a control plane that uses too much memory misses its target', () => {
  const load = { seconds: 60, maxRssMib: 900, meanRssMib: 800, cpuPercent: 20, mainThreadPercent: 10 };
  const measured: ControlPlane = {
    ...{
      workers: 1000,
      tasks: 100_000,
      lanes: 50,
      connectedMs: 1,
      acceptMs: [1],
      restartMs: 1,
      reconnectedMs: 1,
    },
    ...{ empty: load, idle: load, restarted: { ...load, maxRssMib: 1025 } },
    health: { count: 1, p50: 1, p90: 1, p99: 1, max: 1 },
  };

  expect(listControlPlaneTargets(measured).map(({ isMet }) => isMet)).toEqual([false, true]);
  expect(formatControlPlane(measured, { date: '2026-01-02', load: 'quiet' })).toContain('**not met**');
});
