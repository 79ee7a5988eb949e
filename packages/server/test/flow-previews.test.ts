import { afterAll, beforeAll, expect, it } from 'vitest';
import { FlowRig, samplerGraph } from './kit/flow-rig.ts';

let rig: FlowRig;
beforeAll(async () => {
  rig = await FlowRig.open({ simulators: [{ versionText: '0.4.9' }, { versionText: '0.5.0' }] });
});
afterAll(() => rig.close());

/** The extra_data of a worker's prompts, oldest first: element 3 of each prompt in its history. */
async function listExtraData(url = ''): Promise<Record<string, unknown>[]> {
  const answer = await fetch(`${url}/history`);
  const entries: { prompt: [number, string, object, Record<string, unknown>] }[] = Object.values(
    JSON.parse(await answer.text()),
  );
  return entries.map(({ prompt }) => prompt[3]);
}

it('PR7 a prompt requests previews where its worker supports that, and is unchanged elsewhere', async () => {
  await rig.run(samplerGraph(1), { workers: ['gpu-1'] });
  await rig.run(samplerGraph(1), { workers: ['gpu-2'] });

  const [older, newer] = rig.simulators;
  expect(await listExtraData(older?.url)).toEqual([
    expect.not.objectContaining({ preview_method: expect.anything() }),
  ]);
  expect(await listExtraData(newer?.url)).toEqual([expect.objectContaining({ preview_method: 'auto' })]);
});

it('PR7 a request wins over the configuration', async () => {
  const body = { kind: 'graph' as const, graph: samplerGraph(2) };
  const { submitted } = await rig.calls.tasks.submit({
    actor: rig.actor,
    door: 'native',
    body,
    options: { workers: ['gpu-2'] },
    extraData: { preview_method: 'none' },
  });
  await rig.ended(submitted.task_id);

  expect((await listExtraData(rig.simulators[1]?.url)).at(-1)).toMatchObject({ preview_method: 'none' });
});
