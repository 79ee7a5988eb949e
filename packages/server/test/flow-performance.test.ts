import { afterAll, beforeAll, expect, it } from 'vitest';
import { FlowRig, pictureGraph } from './kit/flow-rig.ts';

let rig: FlowRig;
beforeAll(async () => {
  rig = await FlowRig.open({ simulators: [{}, {}] });
});
afterAll(() => rig.close());

const FAILING = {
  '1': { class_type: 'EmptyImage', inputs: { width: 64, height: 64, batch_size: 1, color: 0 } },
  '2': { class_type: 'TestSyncError', inputs: { value: ['1', 0] } },
  '3': { class_type: 'SaveImage', inputs: { images: ['2', 0], filename_prefix: 'x' } },
};

it('API9 DB7 admins read what came of tasks, by worker too, and an idle worker is in the list', async () => {
  const one = await rig.run(pictureGraph());
  await rig.run(FAILING);

  const { json: tasks } = await rig.ask('GET', '/api/v2/admin/performance/tasks?group_by=worker');
  const { json: nodes } = await rig.ask('GET', '/api/v2/admin/performance/nodes');

  expect(tasks.total).toMatchObject({
    tasks: 2,
    succeeded: 1,
    failed: 1,
    success_rate: 0.5,
    run: { count: 1 },
  });
  const seconds = (Date.parse(one.completed_at ?? '') - Date.parse(one.started_at ?? '')) / 1000;
  expect(Math.abs(tasks.total.run.p95_seconds - seconds)).toBeLessThanOrEqual(seconds * 0.02 + 0.002);
  const sum = (list: { tasks: number }[]) => list.reduce((total, { tasks: count }) => total + count, 0);
  expect([sum(tasks.groups), sum(nodes.nodes), nodes.nodes.length]).toEqual([2, 2, 2]);
});
