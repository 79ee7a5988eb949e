import { expect, it, onTestFinished } from 'vitest';
import { FlowRig } from './kit/flow-rig.ts';
import { TEST_MODEL, TEST_WORKFLOWS } from './kit/flow-workflows.ts';

/** The workflows as the API lists them if the only worker has these models. */
async function listAvailable(models: (typeof TEST_MODEL)[]) {
  const rig = await FlowRig.open({ simulators: [{ models }], config: { task_types: TEST_WORKFLOWS } });
  onTestFinished(() => rig.close());
  const workflows = await rig.calls.workflows.list(rig.actor);
  return Object.fromEntries(workflows.map(({ name, available, missing }) => [name, { available, missing }]));
}

it('a workflow whose model no worker has is not offered, and says which it is', async () => {
  expect(await listAvailable([])).toEqual({
    basic: { available: false, missing: [TEST_MODEL.name] },
    invert: { available: true, missing: [] },
  });
});

it('a workflow whose model a worker has is offered', async () => {
  expect(await listAvailable([TEST_MODEL])).toMatchObject({ basic: { available: true, missing: [] } });
});
