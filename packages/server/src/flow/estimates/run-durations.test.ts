import { describe, expect, test } from 'vitest';
import { named } from '../../../test/kit/named.ts';
import { RunDurations, toWorkflowKey } from './run-durations.ts';

const KEY = 'portrait|lane-a|text_to_image';

/** Durations after these runs, each `[worker, seconds, warm?]`. */
function learned(runs: [workerId: string, seconds: number, warm?: boolean, key?: string][]): RunDurations {
  const durations = new RunDurations();
  for (const [workerId, seconds, warm = true, key = KEY] of runs)
    durations.learn({ key, workerId: named(workerId), durationMs: seconds * 1000, warm });
  return durations;
}

describe('expected run time', () => {
  test('TQ15 is unknown until a run of the workflow, its lane or its task type was measured', () => {
    expect(learned([]).expectedMs(KEY, named('gpu-1'))).toBeNull();
    expect(
      learned([['gpu-1', 4, true, 'other|lane-b|image_to_video']]).expectedMs(KEY, named('gpu-1')),
    ).toBeNull();
  });

  test('is the median of the runs on that worker, so that one odd run changes nothing', () => {
    const durations = learned([
      ['gpu-1', 2],
      ['gpu-1', 90],
      ['gpu-1', 4],
      ['gpu-2', 30],
    ]);

    expect(durations.expectedMs(KEY, named('gpu-1'))).toBe(4000);
  });

  test('follows a change after twenty runs', () => {
    const before = Array.from({ length: 40 }, () => ['gpu-1', 10] as [string, number]);
    const after = Array.from({ length: 20 }, () => ['gpu-1', 3] as [string, number]);

    expect(learned([...before, ...after]).expectedMs(KEY, named('gpu-1'))).toBe(3000);
  });

  test('on a worker that never ran it is scaled by how fast that worker is at other work', () => {
    const other = 'landscape|lane-b|text_to_image';
    const durations = learned([
      ...Array.from({ length: 20 }, () => ['fast', 10, true, other] as [string, number, boolean, string]),
      ...Array.from({ length: 20 }, () => ['slow', 30, true, other] as [string, number, boolean, string]),
      ['fast', 4],
    ]);
    const [fast, slow] = [
      durations.expectedMs(KEY, named('fast')) ?? 0,
      durations.expectedMs(KEY, named('slow')) ?? 0,
    ];

    expect(fast).toBe(4000);
    expect(slow / fast).toBeGreaterThan(2);
    expect(slow / fast).toBeLessThan(4);
  });

  test('of a workflow that never ran is that of its lane, then of its task type', () => {
    const durations = learned([
      ['gpu-1', 6, true, 'a|lane-a|custom'],
      ['gpu-1', 20, true, 'b|lane-b|custom'],
      ['gpu-1', 20, true, 'c|lane-b|custom'],
    ]);

    expect(durations.expectedMs('new|lane-a|custom', named('gpu-1'))).toBe(6000);
    expect(durations.expectedMs('new|lane-new|custom', named('gpu-1'))).toBe(20_000);
    expect(durations.laneMs('lane-b')).toBe(20_000);
  });

  test('TQ15 of a graph that never ran is that of equal classes and models, then of equal models', () => {
    const [models, where] = ['m'.repeat(16), 'w'.repeat(16)];
    const durations = learned([
      ['gpu-1', 2, true, `upscale|${models}${where}${'u'.repeat(16)}|custom`],
      ['gpu-1', 60, true, `video|${models}${where}${'v'.repeat(16)}|custom`],
    ]);
    const expectedSeconds = (lane: string) =>
      (durations.expectedMs(`new|${lane}|custom`, named('gpu-1')) ?? 0) / 1000;
    const elsewhere = 'x'.repeat(16);

    expect(expectedSeconds(`${models}${elsewhere}${'u'.repeat(16)}`)).toBe(2);
    expect(expectedSeconds(`${models}${where}${'v'.repeat(16)}`)).toBe(60);
    expect(expectedSeconds(`${models}${where}${'n'.repeat(16)}`)).toBe(60);
    expect(expectedSeconds(`${models}${where}`)).toBe(60);
  });

  test('without a worker is that of the fleet', () => {
    expect(learned([['gpu-1', 5]]).expectedMs(KEY, null)).toBe(5000);
  });
});

describe('expected time of loading models', () => {
  test('is the additional time of runs that had to load them', () => {
    const durations = learned([
      ['gpu-1', 25, false],
      ['gpu-1', 10],
      ['gpu-1', 10],
    ]);

    expect(durations.expectedLoadMs(KEY, named('gpu-1'))).toBe(15_000);
    expect(durations.expectedMs(KEY, named('gpu-1'))).toBe(10_000);
  });

  test('is not known from cold runs alone, which are then the expected run time', () => {
    const durations = learned([['gpu-1', 25, false]]);

    expect(durations.expectedLoadMs(KEY, named('gpu-1'))).toBeNull();
    expect(durations.expectedMs(KEY, named('gpu-1'))).toBe(25_000);
  });

  test('of another workflow of the lane applies to one that has only run warm', () => {
    const durations = learned([
      ['gpu-1', 25, false, 'other|lane-a|text_to_image'],
      ['gpu-1', 10, true, 'other|lane-a|text_to_image'],
      ['gpu-1', 10],
    ]);

    expect(durations.expectedLoadMs(KEY, named('gpu-1'))).toBe(15_000);
  });
});

test('raw graphs that all differ do not fill the memory: the lane of the newest is still known, the first graph is not', () => {
  const durations = new RunDurations();
  for (let number = 0; number < 6000; number += 1)
    durations.learn({
      key: `graph-${number}|lane-a|custom`,
      workerId: named('gpu-1'),
      durationMs: 1000 + number,
      warm: true,
    });

  expect(durations.expectedMs('graph-5999', named('gpu-1'))).toBe(6999);
  expect(durations.expectedMs('graph-0', named('gpu-1'))).toBeNull();
  expect(durations.laneMs('lane-a')).not.toBeNull();
});

test('a task is known by its workflow’s version, a raw graph by its content', () => {
  const task = { graph_hash: 'g', lane: 'l', task_type: 't' };

  expect(toWorkflowKey({ ...task, workflow_version_id: 'v' })).toBe('v|l|t');
  expect(toWorkflowKey({ ...task, workflow_version_id: null })).toBe('g|l|t');
});
