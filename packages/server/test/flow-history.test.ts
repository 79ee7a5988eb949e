import { type FaultSpec, openTcpProxy, type TcpProxy } from '@comfleet/simulator';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FlowRig, pictureGraph, sleepGraph } from './kit/flow-rig.ts';

describe('one worker with faulty responses', () => {
  let rig: FlowRig;
  beforeAll(async () => {
    rig = await FlowRig.open();
  });
  afterAll(() => rig.close());
  afterEach(() => rig.simulator.control.clear());

  const runWith = (...faults: FaultSpec[]) => {
    for (const fault of faults) rig.simulator.control.set(fault);
    return rig.run(pictureGraph());
  };

  it.each([
    [100, { name: 'history_late', ms: 100, after_marker: true }],
    [1000, { name: 'history_late', ms: 1000, after_marker: true }],
    [1000, { name: 'history_late', ms: 1000 }],
  ] satisfies [number, FaultSpec][])(
    'CD5 a history %i ms late delays the result and nothing else: %j',
    async (_ms, fault) => {
      const task = await runWith(fault);

      expect(task).toMatchObject({ status: 'succeeded', attempt_count: 1 });
      expect(rig.executions(task.task_id)).toBe(1);
    },
  );

  it.each(['404', '500', '502_html', 'truncated', 'wrong_id', 'empty_outputs'])(
    'CD4 a history answered with %s twice is asked again until it is whole',
    async (kind) => {
      const task = await runWith({ name: 'history_answer', kind, times: 2 });

      expect(task).toMatchObject({ status: 'succeeded', attempt_count: 1 });
      expect(task.results).toHaveLength(1);
      expect(rig.simulator.control.list()).toEqual([]);
    },
  );

  it('C-2 NaN in a history is read as it is', async () => {
    const task = await runWith({ name: 'history_answer', kind: 'nan' });

    expect(task).toMatchObject({ status: 'succeeded', attempt_count: 1 });
    expect(task.results).toHaveLength(1);
  });

  it('CD2 an empty history after the end is asked again within a tenth of a second', async () => {
    rig.simulator.control.set({ name: 'history_late', ms: 100, after_marker: true });
    const id = await rig.submit(pictureGraph());
    const end = await rig.ledger(id, 'execution_end');
    const task = await rig.ended(id);

    expect(Date.parse(task.completed_at ?? '') - end.wall_ms).toBeLessThan(600);
  });

  it('CD3 a status that says error wins over the messages of a finished prompt: the task fails', async () => {
    const task = await runWith({ name: 'history_contradiction' });

    expect(task).toMatchObject({ status: 'failed', results: [], error: { code: 'NODE_EXECUTION_ERROR' } });
  });

  it('C-3 an error message wins over a status that says success', async () => {
    const task = await runWith(
      { name: 'node_error', class: 'SaveImage', exception_type: 'ValueError', message: 'no' },
      { name: 'history_contradiction' },
    );

    expect(task).toMatchObject({ status: 'failed', error: { code: 'NODE_EXECUTION_ERROR' } });
    expect(task.error?.details).toMatchObject({ node_id: '2', class_type: 'SaveImage', message: 'no' });
  });

  it('C-4 an accepted POST whose answer was lost is found by its id and runs once', async () => {
    const task = await runWith({ name: 'prompt_response_lost', how: 'reset' });

    expect(task).toMatchObject({ status: 'succeeded', attempt_count: 1 });
    expect(rig.executions(task.task_id)).toBe(1);
  });

  it('C-6 a POST answered 500 and queued all the same runs once', async () => {
    const task = await runWith({ name: 'prompt_500_queued' });

    expect(task).toMatchObject({ status: 'succeeded', attempt_count: 1 });
    expect(rig.executions(task.task_id)).toBe(1);
  });

  it('TD5 a POST answered 500 and not accepted is sent once more, then fails with the answer', async () => {
    const task = await runWith({ name: 'prompt_500', times: 'until_cleared' });

    expect(task).toMatchObject({
      status: 'failed',
      attempt_count: 2,
      error: { code: 'SUBMIT_FAILED', details: { status: 500 } },
    });
    expect(JSON.stringify(task.error)).toContain('POST /prompt answered 500: 500 Internal Server Error');
    expect(rig.executions(task.task_id)).toBe(0);
  });

  it('C-5 a POST that lands after its connection broke, within the look-up window, runs once', async () => {
    const task = await runWith(
      { name: 'prompt_delayed', ms: 700 },
      { name: 'prompt_response_lost', how: 'reset' },
    );

    expect(task).toMatchObject({ status: 'succeeded', attempt_count: 1 });
    expect(rig.executions(task.task_id)).toBe(1);
  });

  it('C-8 a queue with 40 MB of other clients delays nothing', async () => {
    rig.simulator.control.set({ name: 'queue_huge', count: 800, bytes: 50_000, times: 'until_cleared' });
    const task = await rig.run(sleepGraph(0.1));

    expect(task).toMatchObject({ status: 'succeeded', attempt_count: 1 });
    expect(task.duration_seconds).toBeLessThan(3);
  });

  it('C-10 a redirect of the worker is not followed', async () => {
    const elsewhere = await FlowRig.open();
    const reads = () => elsewhere.simulator.ledger.lines().filter((line) => line.event === 'view').length;
    rig.simulator.control.set({
      name: 'redirect',
      path: '/view',
      to: `${elsewhere.simulator.url}/view?filename=x.png`,
      times: 1,
    });
    const task = await rig.run(pictureGraph());

    expect(task).toMatchObject({ status: 'succeeded', attempt_count: 1 });
    expect(reads()).toBe(0);
    await elsewhere.close();
  });
});

describe('faults that take long', () => {
  it.concurrent('C-1 a history 10 s late is waited for', async () => {
    const rig = await FlowRig.open();
    rig.simulator.control.set({ name: 'history_late', ms: 10_000, after_marker: true });

    const task = await rig.run(pictureGraph());

    expect(task).toMatchObject({ status: 'succeeded', attempt_count: 1 });
    await rig.close();
  });

  it.concurrent('C-2 a history that stays without outputs is a failure by name, never a success', async () => {
    const rig = await FlowRig.open();
    rig.simulator.control.set({ name: 'history_answer', kind: 'empty_outputs', times: 'until_cleared' });

    const task = await rig.run(pictureGraph(), { max_attempts: 1 });

    expect(task).toMatchObject({ status: 'failed', results: [], error: { code: 'HISTORY_INCOMPLETE' } });
    await rig.close();
  });

  it.concurrent('C-5 a POST that lands after the look-up window is canceled; one result is committed', async () => {
    const proxies: TcpProxy[] = [];
    const rig = await FlowRig.open({
      url: async (simulator) => {
        const proxy = await openTcpProxy({ host: '127.0.0.1', port: simulator.port });
        proxies.push(proxy);
        return proxy.url;
      },
    });
    rig.simulator.control.set({ name: 'prompt_delayed', ms: 8000 });
    rig.simulator.control.set({ name: 'ws_unknown_type', moment: 'before_post' });
    const id = await rig.submit(sleepGraph(30));
    await rig.simulator.ledger.waitFor((line) => line.event === 'fault' && line.name === 'ws_unknown_type');
    for (const proxy of proxies) proxy.resetAll();

    const firstPrompt = (await rig.load(id)).prompt_id;
    const late = await rig.simulator.ledger.waitFor(
      (line) => line.event === 'prompt_accepted' && line.prompt_id === firstPrompt,
    );
    const gone = await rig.simulator.ledger.waitFor(
      (line) =>
        line.prompt_id === late.prompt_id &&
        (line.event === 'prompt_deleted' || (line.event === 'execution_end' && line.interrupted === true)),
    );
    expect(Number(gone.wall_ms) - Number(late.wall_ms)).toBeLessThan(3000);
    const task = await rig.load(id);
    expect(task).toMatchObject({ status: 'running', attempt_count: 2 });
    expect(task.prompt_id).not.toBe(firstPrompt);
    await rig.close();
    for (const proxy of proxies) await proxy.close();
  });

  it.concurrent('CD24 a POST that is never answered is not waited for without limit', async () => {
    const rig = await FlowRig.open();
    rig.simulator.control.set({ name: 'prompt_response_lost', how: 'silent' });

    const task = await rig.run(pictureGraph());

    expect(task).toMatchObject({ status: 'succeeded', attempt_count: 1 });
    expect(rig.executions(task.task_id)).toBe(1);
    expect(task.duration_seconds).toBeLessThan(10);
    await rig.close();
  });
});
