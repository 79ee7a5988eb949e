import { readFailure } from '@comfleet/contract';
import { afterEach, describe, expect, it } from 'vitest';
import { FlowRig, pictureGraph, sleepGraph, UNKNOWN_FILE } from './kit/flow-rig.ts';

let rig: FlowRig;
afterEach(() => rig.close());

const open = async (options?: Parameters<typeof FlowRig.open>[0]) => {
  rig = await FlowRig.open(options);
};

/** Its first output runs for the given time; the worker skips the second. */
const partGraph = (seconds: number) => ({ ...sleepGraph(seconds), ...UNKNOWN_FILE });
const WHOLE = { all_or_nothing: true };
const LEFT_OUT = { code: 'graph.output_left_out', params: { node: '9', class_type: 'SaveImage' } };
const REFUSED = {
  status: 'failed',
  results: [],
  attempt_count: 1,
  error: { code: 'PROMPT_REFUSED', details: { partial: true, left_out: ['9'] } },
};

/** Resolves when the worker has accepted the prompt; the response never arrives. */
async function submitUnanswered(graph: ReturnType<typeof partGraph>, options = {}) {
  rig.simulator.control.set({ name: 'prompt_response_lost', how: 'silent' });
  const id = await rig.submit(graph, options);
  await rig.ledger(id, 'prompt_accepted');
  return id;
}

describe.each(['0.3.64', '0.33'] as const)('a worker of %s that runs a part of a graph', (version) => {
  it('TD15 says so in its answer: the part is delivered, with its words for why the rest is not', async () => {
    await open({ simulators: [{ version }] });
    const task = await rig.run(partGraph(0));

    expect(task).toMatchObject({ status: 'succeeded', attempt_count: 1, results: [{ node_id: '3' }] });
    expect(task.warning_texts).toMatchObject([
      {
        code: 'graph.output_left_out_for',
        params: { node: '9', problem: { params: { node: '8', input: 'image' } } },
      },
    ]);
  });

  it('TD15 is found by the prompt itself when its response was lost', async () => {
    await open({ simulators: [{ version }] });
    rig.simulator.control.set({ name: 'prompt_response_lost', how: 'reset' });
    const task = await rig.run(partGraph(0));

    expect(task).toMatchObject({ status: 'succeeded', attempt_count: 1, results: [{ node_id: '3' }] });
    expect(task.warning_texts).toEqual([LEFT_OUT]);
  });
});

describe('a part of a graph, across a restart', () => {
  it.each([
    ['that runs on', 'execution_start', 0.5],
    ['that ended meanwhile', 'execution_end', 0],
  ] as const)('TD15 %s is resumed with its warning', async (_what, moment, seconds) => {
    await open();
    const id = await rig.submit(partGraph(seconds));
    await rig.ledger(id, 'execution_start');
    await rig.stop();
    await rig.ledger(id, moment);
    await rig.start();
    const task = await rig.ended(id);

    expect(task).toMatchObject({ status: 'succeeded', attempt_count: 1, results: [{ node_id: '3' }] });
    expect(task.warning_texts).toEqual([LEFT_OUT]);
  });

  it('TD15 where all or nothing is wanted, a resumed part is stopped, not delivered', async () => {
    await open();
    const id = await submitUnanswered(partGraph(60), WHOLE);
    await rig.stop();
    await rig.start();
    const task = await rig.ended(id);

    expect(task).toMatchObject(REFUSED);
    expect(task.warning_texts).toEqual([LEFT_OUT]);
    expect((await rig.ledger(id, 'execution_end')).interrupted).toBe(true);
  });

  it('TD15 where all or nothing is wanted, a part that ended meanwhile is not delivered', async () => {
    await open();
    const id = await submitUnanswered(partGraph(0), WHOLE);
    await rig.stop();
    await rig.ledger(id, 'execution_end');
    await rig.start();

    expect(await rig.ended(id)).toMatchObject(REFUSED);
  });
});

describe('where all or nothing is wanted', () => {
  it('TD15 a part is a failure, and what the worker began is stopped', async () => {
    await open();
    const id = await rig.submit(partGraph(60), WHOLE);
    const task = await rig.ended(id);

    expect(task).toMatchObject(REFUSED);
    expect(task.error?.details).toMatchObject({ node_errors: { '8': { dependent_outputs: ['9'] } } });
    expect(task.warning_texts).toMatchObject([{ code: 'graph.output_left_out_for', params: { node: '9' } }]);
  });

  it.each(['reset', 'silent'])('TD15 a part whose answer was lost (%s) is stopped', async (how) => {
    await open();
    rig.simulator.control.set({ name: 'prompt_response_lost', how });
    const id = await rig.submit(partGraph(60), WHOLE);
    const task = await rig.ended(id);

    expect(task).toMatchObject(REFUSED);
    expect(task.error && readFailure(task.error).points).toEqual([LEFT_OUT]);
    expect((await rig.ledger(id, 'execution_end')).interrupted).toBe(true);
  });

  it('TD15 the whole of a graph is delivered, answer or not', async () => {
    await open();
    rig.simulator.control.set({ name: 'prompt_response_lost', how: 'reset' });
    const task = await rig.run(pictureGraph(), WHOLE);

    expect(task).toMatchObject({ status: 'succeeded', attempt_count: 1, results: [{}], warning_texts: [] });
  });
});

it('TD15 a picture that was to come by the socket is named once, not with the node that stands in for it', async () => {
  await open();
  rig.simulator.control.set({ name: 'prompt_response_lost', how: 'reset' });
  const { '8': load = { class_type: '', inputs: {} } } = UNKNOWN_FILE;
  const socket = { class_type: 'SaveImageWebsocket', inputs: { images: ['8', 0] } };
  const task = await rig.run({ ...pictureGraph(), '8': load, '9': socket });

  expect(task.warning_texts).toEqual([
    { code: 'graph.output_left_out', params: { node: '9', class_type: 'SaveImageWebsocket' } },
  ]);
});
