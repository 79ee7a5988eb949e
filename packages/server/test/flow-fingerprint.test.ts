import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FlowRig, samplerGraph } from './kit/flow-rig.ts';

let rig: FlowRig;
beforeAll(async () => {
  rig = await FlowRig.open();
});
afterAll(() => rig.close());

it('TD17 an attempt keeps what it ran with, as its worker told it, also after a restart of the server', async () => {
  const { task_id: id } = await rig.run(samplerGraph(2));
  const inventory = rig.app.fleet.list()[0]?.inventory;
  const graphText = await rig.calls.tasks.loadGraphText(rig.actor, id as never);
  await rig.stop();
  await rig.start();
  const { status, json } = await rig.ask('GET', `/api/fleet/tasks/${id}/attempts`);

  expect(status).toBe(200);
  expect(json.attempts).toHaveLength(1);
  expect(json.attempts[0].fingerprint).toEqual({
    comfleet_version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    comfyui_version: inventory?.version,
    pytorch_version: inventory?.pytorchVersion,
    object_info_hash: `blake3:${inventory?.objectInfoHash}`,
    graph_hash: `sha256:${createHash('sha256').update(graphText).digest('hex')}`,
    models: [{ folder: 'checkpoints', name: 'random-a.safetensors', size_bytes: 104857600 }],
    device: 'cuda:0 Simulated GPU : cudaMallocAsync',
    driver: null,
    listed_at: expect.stringMatching(/^20\d\d-.*Z$/),
  });
});
