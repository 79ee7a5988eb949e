import { expect, test } from 'vitest';
import { pictureGraph } from '../packages/server/test/kit/flow-rig.ts';
import { WorkerStage } from './faults/worker-stage.ts';

test('CD22 100 concurrent tasks on 4 workers: each result is its own, and none was found by the watchdog', () =>
  WorkerStage.run({ workers: [{}, {}, {}, {}] }, async (stage) => {
    const ids = await Promise.all(Array.from({ length: 100 }, () => stage.rig.submit(pictureGraph())));
    const ends = await Promise.all(ids.map((id) => stage.result(id)));
    const hashes = new Set(ends.map(({ task }) => task.results[0]?.hash));
    const used = new Set(ends.map(({ task }) => task.worker_name));

    expect(ends.filter(({ task, isOwn }) => task.status !== 'succeeded' || !isOwn)).toEqual([]);
    expect(hashes.size).toBe(100);
    expect(used.size).toBe(4);
    expect(ids.flatMap((id) => stage.executions(id))).toHaveLength(100);
    expect(await stage.metric('comfleet_finished_by_total{source="watchdog"}')).toBe(0);
    expect(await stage.metric('comfleet_finished_by_total{source="socket"}')).toBe(100);
  }));
