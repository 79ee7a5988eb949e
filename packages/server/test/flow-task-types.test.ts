import type { SubmitOptions, TaskId } from '@comfleet/contract';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FlowRig, pictureGraph } from './kit/flow-rig.ts';
import { TEST_MODEL, TEST_WORKFLOWS } from './kit/flow-workflows.ts';

const { text_to_image: TEXT, custom: CUSTOM } = TEST_WORKFLOWS;
const TYPES = {
  text_to_image: { ...TEXT, priority: 8, max_concurrent_tasks: 3 },
  custom: CUSTOM,
  off: { enabled: false, workflows: { sleeping: TEXT.workflows.basic } },
};

let rig: FlowRig;
beforeAll(async () => {
  rig = await FlowRig.open({
    simulators: [{ models: [TEST_MODEL], stepMs: 1 }],
    config: { task_types: TYPES },
  });
});
afterAll(() => rig.close());

const submitTo = async (one: FlowRig, body: object, options: SubmitOptions = {}): Promise<TaskId> => {
  const request = { kind: 'workflow', parameters: { prompt: 'a cat' }, ...body } as const;
  const { submitted } = await one.calls.tasks.submit({
    actor: one.actor,
    door: 'native',
    body: request,
    options,
  });
  return submitted.task_id as TaskId;
};

describe('task types', () => {
  it('WF10 a request without a workflow runs the default one of its type', async () => {
    const task = await rig.ended(await submitTo(rig, { taskType: 'text_to_image' }));

    expect(task).toMatchObject({ status: 'succeeded', workflow_name: 'basic', task_type: 'text_to_image' });
  });

  it('WF10 TQ4 a task has the priority it asks for, else that of its type, else 5', async () => {
    const asked = await submitTo(rig, { taskType: 'text_to_image' }, { priority: 2 });
    const typed = await submitTo(rig, { taskType: 'text_to_image' });
    const plain = await rig.submit(pictureGraph());
    const priorities = await Promise.all(
      [asked, typed, plain].map(async (id) => (await rig.load(id)).priority),
    );

    expect(priorities).toEqual([2, 8, 5]);
  });

  it('WF10 a task of a type that is switched off is refused, whether it names the type or a workflow of it', async () => {
    const refusal = { code: 'TASK_TYPE_DISABLED', details: { task_type: 'off' } };

    await expect(submitTo(rig, { taskType: 'off' })).rejects.toMatchObject(refusal);
    await expect(submitTo(rig, { workflowName: 'sleeping' })).rejects.toMatchObject(refusal);
  });

  it('WF10 shows the limit of a type, and none for types without one', () => {
    const { typeSettings } = rig.calls.workflows;

    expect([typeSettings('text_to_image'), typeSettings('custom')]).toEqual([
      { priority: 8, maxConcurrent: 3 },
      { priority: 5, maxConcurrent: null },
    ]);
  });
});

describe('task types that change', () => {
  let own: FlowRig;
  afterEach(() => own.close());

  it('WF10 a new priority and limit hold for the next request, without a restart', async () => {
    own = await FlowRig.open({ config: { task_types: { custom: { priority: 4 } } } });
    const before = await own.load(await own.submit(pictureGraph()));
    const taskTypes = { custom: { priority: 9, max_concurrent_tasks: 1, workflows: {} } };

    const { library } = own.app;
    await library.reload([{ taskTypes, baseFolder: own.folder, definedIn: [] }]);
    const after = await own.load(await own.submit(pictureGraph()));

    expect([before.priority, after.priority]).toEqual([4, 9]);
    expect(own.calls.workflows.typeSettings('custom')).toEqual({ priority: 9, maxConcurrent: 1 });
  });
});
