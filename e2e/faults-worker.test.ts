import { afterAll, describe, expect, test } from 'vitest';
import { pictureGraph, samplerGraph, sleepGraph } from '../packages/server/test/kit/flow-rig.ts';
import { TEST_WORKFLOWS } from '../packages/server/test/kit/flow-workflows.ts';
import { SimulatorProcess } from './faults/simulator-process.ts';
import { listTurns, msBetween, nowNs, WorkerStage } from './faults/worker-stage.ts';

/* Fault rows A1–A18: real simulator processes, default settings, checked against the workers' ledgers. */

/** A worker on which 100 sampler steps take 100 s: its prompt still runs when the worker is back. */
const SLOW = ['--step-ms', '1000'];
const QUICK = ['--step-ms', '5'];

/** A stopped process is distinguished from a busy one after the busy limit and at most one lease. */
const STOPPED_MS = 45_000;
const REMOTE_MS = 20_000;
const LOCAL_MS = 2_000;
const FORGOTTEN_MS = 10_000;

/** Times from the fault to the next start on a worker, by row. */
const measured: string[] = [];
function measure(row: string, ...span: Parameters<typeof msBetween>): number {
  const ms = msBetween(...span);
  measured.push(`${row} ${ms.toFixed(0)} ms`);
  return ms;
}

afterAll(() => {
  process.stdout.write(`worker faults, fault → the task's next start: ${measured.sort().join(', ')}\n`);
});

describe.concurrent('a worker goes away in the middle of a task', () => {
  test('A1 P8 our own process is killed: another worker runs the task within 2 s, and it is started again', () =>
    WorkerStage.run({ workers: [{ args: QUICK }] }, async (stage) => {
      const own = await stage.startInstance();
      const id = await stage.startOn('own', samplerGraph(300));
      const before = own.pid();
      const killed = nowNs();
      process.kill(before ?? -1, 'SIGKILL');
      const again = await stage.worker('w1').process.ledger.nth('execution_start', id, 1);

      expect(measure('A1', killed, again)).toBeLessThanOrEqual(LOCAL_MS);
      expect((await stage.result(id)).task).toMatchObject({ status: 'succeeded', attempt_count: 2 });
      await stage.rig.app.instances.whenReady(own.id);
      await stage.whenState('own', 'online');
      expect(own.pid()).not.toBe(before);
      expect(own.ledger.list('execution_start', id)).toHaveLength(1);
    }));

  test('A2 P8 the network to it is cut: another worker runs the task within 20 s, and the old prompt is stopped', () =>
    WorkerStage.run({ workers: [{ args: SLOW, behindProxy: true }, { args: QUICK }] }, async (stage) => {
      const [old, other] = [stage.worker('w1'), stage.worker('w2')];
      const id = await stage.startOn('w1', samplerGraph(100));
      const cut = nowNs();
      await old.proxy?.goDown();
      const again = await other.process.ledger.nth('execution_start', id, 1);
      const { task, isOwn } = await stage.result(id);
      await old.proxy?.goUp();
      await old.process.ledger.waitFor((line) => line.event === 'interrupted');

      expect(measure('A2', cut, again)).toBeLessThanOrEqual(REMOTE_MS);
      expect(task).toMatchObject({ status: 'succeeded', attempt_count: 2, worker_name: 'w2' });
      expect(isOwn).toBe(true);
      expect(stage.executions(id)).toEqual(['w1', 'w2']);
      expect(await stage.metric('comfleet_overlap_possible_total')).toBe(1);
    }));

  test('A3 LB8 it is stopped with its socket open: one result, and its late prompt is canceled when it goes on', () =>
    WorkerStage.run({ workers: [{ args: SLOW }, { args: QUICK }] }, async (stage) => {
      const [old, other] = [stage.worker('w1').process, stage.worker('w2').process];
      const id = await stage.startOn('w1', samplerGraph(100));
      const stopped = nowNs();
      old.signal('SIGSTOP');
      const again = await other.ledger.nth('execution_start', id, 1);
      const { task, isOwn } = await stage.result(id);
      old.signal('SIGCONT');
      await old.ledger.waitFor((line) => line.event === 'interrupted');

      expect(measure('A3', stopped, again)).toBeLessThanOrEqual(STOPPED_MS);
      expect(task).toMatchObject({ status: 'succeeded', attempt_count: 2, worker_name: 'w2' });
      expect(isOwn).toBe(true);
      expect((await stage.rig.load(id)).results).toHaveLength(1);
      expect(await stage.metric('comfleet_overlap_possible_total')).toBe(1);
      await stage.whenState('w1', 'online');
    }));

  test('A4 a busy worker that hangs for 18 s and goes on is waited for; an idle one is offline in that time', () =>
    WorkerStage.run({ workers: [{}, {}, {}] }, async (stage) => {
      const id = await stage.startOn('w1', sleepGraph(3));
      const away = stage.whenState('w3', 'offline');
      void stage.worker('w1').process.setFault({ name: 'block_loop', ms: 18_000 });
      void stage.worker('w3').process.setFault({ name: 'block_loop', ms: 18_000 });
      await away;
      const { task, isOwn } = await stage.result(id);

      expect(task).toMatchObject({ status: 'succeeded', attempt_count: 1, worker_name: 'w1' });
      expect(isOwn).toBe(true);
      expect(stage.executions(id)).toEqual(['w1']);
      await stage.whenState('w3', 'online');
    }));
});

describe.concurrent('a worker answers, but is not to be trusted', () => {
  test('A5 its prompts wait forever: the task runs elsewhere within 45 s, and leaves its queue', () =>
    WorkerStage.run({ workers: [{}, {}] }, async (stage) => {
      const [stuck, other] = [stage.worker('w1').process, stage.worker('w2').process];
      await stuck.setFault({ name: 'worker_dead' });
      await stage.setMaintenance('w2', true);
      const died = nowNs();
      const inError = stage.whenState('w1', 'error'); // it is healthy again once its queue is empty
      const id = await stage.rig.submit(pictureGraph());
      await stuck.ledger.nth('prompt_accepted', id, 1);
      await stage.setMaintenance('w2', false);
      const again = await other.ledger.nth('execution_start', id, 1);
      const { task, isOwn } = await stage.result(id);

      expect(measure('A5', died, again)).toBeLessThanOrEqual(STOPPED_MS);
      expect(task).toMatchObject({ status: 'succeeded', attempt_count: 2, worker_name: 'w2' });
      expect(isOwn).toBe(true);
      await stuck.ledger.waitFor((line) => line.event === 'prompt_deleted');
      expect(await stage.metric('comfleet_overlap_possible_total')).toBe(0);
      await inError;
    }));

  test('A13 ST9 it comes and goes: after each return it is used again, one task at a time', () =>
    WorkerStage.run({ workers: [{ behindProxy: true }, {}] }, async (stage) => {
      const { process, proxy } = stage.worker('w1');
      await proxy?.goDown();
      await stage.whenState('w1', 'offline');
      const ids = await Promise.all(Array.from({ length: 40 }, () => stage.rig.submit(sleepGraph(0.5))));
      await proxy?.goUp();
      await process.ledger.waitFor((line) => line.event === 'prompt_accepted');
      await proxy?.goDown();
      await stage.whenState('w1', 'offline');
      const before = process.ledger.lines().length;
      await proxy?.goUp();
      const tasks = await Promise.all(ids.map((id) => stage.rig.ended(id)));
      const sent = listTurns(process.ledger.lines().slice(before));

      expect(sent.length).toBeGreaterThan(2);
      expect(sent).toEqual(sent.map((_, at) => (at % 2 === 0 ? 'prompt_accepted' : 'execution_end')));
      expect(new Set(tasks.map((task) => task.status))).toEqual(new Set(['succeeded']));
    }));

  test('A17 another ComfyUI responds on its port: it gets no tasks', () =>
    WorkerStage.run({ workers: [{}, {}] }, async (stage) => {
      const { process } = stage.worker('w1');
      await process.kill();
      const stranger = await SimulatorProcess.start(stage.rig.folder, 'stranger', { port: process.port });
      const listening = performance.now();
      await stage.whenState('w1', 'error');
      const tookMs = performance.now() - listening;
      const ids = await Promise.all(Array.from({ length: 6 }, () => stage.rig.submit(pictureGraph())));
      const tasks = await Promise.all(ids.map((id) => stage.rig.ended(id)));
      const accepted = stranger.ledger.lines().filter(({ event }) => event === 'prompt_accepted');
      await stranger.kill();

      // A period of 5 s, its jitter, and the duration of the check.
      expect(tookMs).toBeLessThanOrEqual(5000 * 1.1 + 2000);
      expect(new Set(tasks.map((task) => task.worker_name))).toEqual(new Set(['w2']));
      expect(accepted).toEqual([]);
    }));
});

describe.concurrent('a worker stays, but its prompt hangs', () => {
  const { basic } = TEST_WORKFLOWS.text_to_image.workflows;
  const workflows = { basic: { ...basic, silence_limit_seconds: 4 } };
  const config = { task_types: { text_to_image: { ...TEST_WORKFLOWS.text_to_image, workflows } } };

  test('an instance that ignores cancels is asked to free memory, then restarted, and the task runs elsewhere', () =>
    WorkerStage.run({ workers: [{}], config }, async (stage) => {
      const own = await stage.startInstance();
      const before = own.pid();
      await own.setFault({ name: 'worker_dead', moment: 'during_progress' });
      await stage.setMaintenance('w1', true);
      const id = await stage.submitWorkflow('text_to_image', { prompt: 'a cat', steps: 20 });
      await stage.rig.happened(id, 'attempt.started');
      await stage.setMaintenance('w1', false);
      const { task, isOwn } = await stage.result(id);
      const steps = (await stage.rig.calls.tasks.loadEvents(stage.rig.actor, id, 0))
        .filter(({ type }) => type === 'attempt.escalated')
        .map(({ details }) => [details?.step, details?.result]);

      expect(task).toMatchObject({ status: 'succeeded', attempt_count: 2, worker_name: 'w1' });
      expect(task.attempts[0]?.error).toMatchObject({ code: 'PROMPT_STALLED' });
      expect(isOwn).toBe(true);
      expect(steps).toEqual([
        ['cancel', 'still_there'],
        ['free_memory', 'still_there'],
        ['restart', 'stopped'],
      ]);
      expect(own.pid()).not.toBe(before);
      expect(await stage.metric('comfleet_overlap_possible_total')).toBe(0);
    }));
});

describe.concurrent('a worker stays, but not the prompt', () => {
  test('A6 it is killed and back at once without its queue: the task runs again within 10 s', () =>
    WorkerStage.run({ workers: [{}] }, async (stage) => {
      const worker = stage.worker('w1');
      const id = await stage.startOn('w1', samplerGraph(100));
      const killed = nowNs();
      await worker.process.kill();
      worker.process = await worker.process.again();
      const again = await worker.process.ledger.nth('execution_start', id, 2);
      const { task, isOwn } = await stage.result(id);

      expect(measure('A6', killed, again)).toBeLessThanOrEqual(FORGOTTEN_MS);
      expect(task).toMatchObject({ status: 'succeeded', attempt_count: 2 });
      expect(task.attempts[0]).toMatchObject({ ending: 'lost', error: { code: 'PROMPT_LOST' } });
      expect(isOwn).toBe(true);
    }));

  test('A7 our own process reboots in place: the task runs again within 10 s, and no crash is counted', () =>
    WorkerStage.run({ workers: [] }, async (stage) => {
      const own = await stage.startInstance();
      const id = await stage.startOn('own', samplerGraph(100));
      const before = own.pid();
      const rebooted = nowNs();
      await own.setFault({ name: 'reboot', down_ms: 500 });
      const again = await own.ledger.nth('execution_start', id, 2);
      const task = await stage.rig.ended(id);

      expect(measure('A7', rebooted, again)).toBeLessThanOrEqual(FORGOTTEN_MS);
      expect(task).toMatchObject({ status: 'succeeded', attempt_count: 2 });
      expect(task.attempts[0]).toMatchObject({ ending: 'lost', error: { code: 'PROMPT_LOST' } });
      expect(own.pid()).toBe(before);
      expect(own.restarts()).toBe(0);
    }));

  test('A8 a user deletes it twice: it is sent again within 10 s once, then it fails and says why', () =>
    WorkerStage.run({ workers: [{ args: ['--step-ms', '300'] }] }, async (stage) => {
      const { process } = stage.worker('w1');
      const running = await stage.startOn('w1', samplerGraph(100));
      const id = await stage.rig.submit(pictureGraph());
      await process.ledger.nth('prompt_accepted', id, 1);
      const deleted = nowNs();
      await process.setFault({ name: 'delete_prompt' });
      const again = await process.ledger.nth('prompt_accepted', id, 2);
      await process.setFault({ name: 'delete_prompt' });
      const { task } = await stage.result(id);

      expect(measure('A8', deleted, again)).toBeLessThanOrEqual(FORGOTTEN_MS);
      expect(task).toMatchObject({
        status: 'failed',
        attempt_count: 2,
        error: { code: 'REMOVED_ON_WORKER' },
      });
      expect(stage.executions(id)).toEqual([]);
      expect(await stage.rig.load(running)).toMatchObject({ status: 'running', attempt_count: 1 });
    }));

  test('A9 a user interrupts everything: the task is tried once more, elsewhere, and says so', () =>
    WorkerStage.run({ workers: [{}, {}] }, async (stage) => {
      const id = await stage.startOn('w1', sleepGraph(4));
      await stage.worker('w1').process.setFault({ name: 'interrupt_all' });
      const { task, isOwn } = await stage.result(id);

      expect(task).toMatchObject({ status: 'succeeded', attempt_count: 2, worker_name: 'w2' });
      expect(task.attempts[0]).toMatchObject({
        ending: 'interrupted',
        error: { code: 'PROMPT_INTERRUPTED' },
      });
      expect(isOwn).toBe(true);
    }));
});

describe.concurrent('a worker cannot do it', () => {
  test('A10 it runs out of memory: memory is freed there, and a worker with more of it is chosen although it is busier', () =>
    WorkerStage.run(
      {
        workers: [
          { args: ['--vram-mb', '8192'] },
          { args: ['--vram-mb', '8192'] },
          { args: ['--vram-mb', '24576'] },
        ],
      },
      async (stage) => {
        await stage.startOn('w3', sleepGraph(3));
        await stage.worker('w1').process.setFault({ name: 'out_of_memory', class: 'KSampler' });
        const id = await stage.startOn('w1', samplerGraph(50));
        const { task, isOwn } = await stage.result(id);

        expect(task).toMatchObject({ status: 'succeeded', attempt_count: 2, worker_name: 'w3' });
        expect(task.attempts[0]).toMatchObject({ worker_name: 'w1', error: { code: 'OUT_OF_MEMORY' } });
        expect(isOwn).toBe(true);
        await stage.worker('w1').process.ledger.waitFor((line) => line.event === 'free');
      },
    ));

  test('A11 every worker refuses it: each is asked once, and the task fails with their message', () =>
    WorkerStage.run({ workers: [{}, {}] }, async (stage) => {
      for (const { process } of stage.workers)
        await process.setFault({ name: 'validation_error', kind: 'missing_model', times: 'until_cleared' });
      const { task } = await stage.result(await stage.rig.submit(samplerGraph(2), { max_attempts: 9 }));
      const refusals = stage.workers.map(
        ({ process }) => process.ledger.lines().filter(({ event }) => event === 'prompt_refused').length,
      );

      expect(task).toMatchObject({ status: 'failed', error: { code: 'PROMPT_REFUSED' } });
      expect(JSON.stringify(task.error?.details)).toContain('value_not_in_list');
      expect(refusals).toEqual([1, 1]);
    }));

  test('A12 one of two is ten times slower: it gets at most a fifth, and stays in the fleet', () =>
    WorkerStage.run({ workers: [{}, {}] }, async (stage) => {
      const slow = { name: 'slow', factor: 10, latency_ms: 100, times: 'until_cleared' } as const;
      await stage.worker('w1').process.setFault(slow);
      const states = new Set<string>();
      const stop = stage.rig.app.fleet.onChange(() => {
        for (const worker of stage.rig.app.fleet.list()) states.add(worker.state);
      });
      const ids = await Promise.all(Array.from({ length: 60 }, () => stage.rig.submit(samplerGraph(5))));
      const tasks = await Promise.all(ids.map((id) => stage.rig.ended(id)));
      stop();
      const share = tasks.filter((task) => task.worker_name === 'w1').length / tasks.length;

      expect(new Set(tasks.map((task) => task.status))).toEqual(new Set(['succeeded']));
      expect(share).toBeGreaterThan(0);
      expect(share).toBeLessThanOrEqual(0.2);
      expect([...states].filter((state) => state !== 'online')).toEqual([]);
    }));
});

describe.concurrent('the fleet is mostly or wholly away', () => {
  test('A14 LB10 all workers are away: tasks are accepted and wait, none fails, and all run when one is back', () =>
    WorkerStage.run({ workers: [{ behindProxy: true }, { behindProxy: true }] }, async (stage) => {
      await Promise.all(stage.workers.map(({ proxy }) => proxy?.goDown()));
      const early = await Promise.all(Array.from({ length: 4 }, () => stage.rig.submit(pictureGraph())));
      await Promise.all(stage.workers.map(({ name }) => stage.whenState(name, 'offline')));
      const late = await Promise.all(Array.from({ length: 4 }, () => stage.rig.submit(pictureGraph())));
      const waiting = await Promise.all([...early, ...late].map((id) => stage.rig.load(id)));
      const accepted = stage.workers.flatMap(({ process }) =>
        process.ledger.lines().filter(({ event }) => event === 'prompt_accepted'),
      );

      expect(waiting.filter(({ status }) => !['queued', 'held', 'running'].includes(status))).toEqual([]);
      expect(accepted).toEqual([]);
      await stage.worker('w2').proxy?.goUp();
      const ended = await Promise.all([...early, ...late].map((id) => stage.result(id)));
      expect(ended.map(({ task, isOwn }) => [task.status, task.worker_name, isOwn])).toEqual(
        Array.from({ length: 8 }, () => ['succeeded', 'w2', true]),
      );
    }));

  test('A15 two of three workers are away: the third one does the work, and they serve again once they answer', () =>
    WorkerStage.run({ workers: [{ behindProxy: true }, { behindProxy: true }, {}] }, async (stage) => {
      const cut = [stage.worker('w1'), stage.worker('w2')];
      await Promise.all(cut.map(({ proxy }) => proxy?.goDown()));
      await Promise.all(cut.map(({ name }) => stage.whenState(name, 'offline')));
      const ids = await Promise.all(Array.from({ length: 6 }, () => stage.rig.submit(pictureGraph())));
      const tasks = await Promise.all(ids.map((id) => stage.rig.ended(id)));

      expect(tasks.map((task) => [task.status, task.worker_name])).toEqual(
        Array.from({ length: 6 }, () => ['succeeded', 'w3']),
      );
      await Promise.all(cut.map(({ proxy }) => proxy?.goUp()));
      await Promise.all(cut.map(({ name }) => stage.whenState(name, 'online')));
      await stage.startOn('w1', sleepGraph(0.1));
      await stage.startOn('w2', sleepGraph(0.1));
    }));
});

describe.concurrent('a worker reports what is not true', () => {
  test('A16 ends are reported twice and for unknown prompts: each task ends once, unknown prompts are counted', () =>
    WorkerStage.run({ workers: [{}] }, async (stage) => {
      const { process } = stage.worker('w1');
      await process.setFault({ name: 'ws_foreign_end', moment: 'during_progress' });
      await process.setFault({ name: 'ws_duplicate', frame: 'completion', copies: 3, times: 4 });
      const id = await stage.startOn('w1', samplerGraph(20));
      const { task, isOwn } = await stage.result(id);
      const frames = await stage.rig.calls.tasks.loadEvents(stage.rig.actor, id, 0);

      expect(task).toMatchObject({ status: 'succeeded', attempt_count: 1 });
      expect(isOwn).toBe(true);
      expect(frames.filter(({ type }) => type === 'task.succeeded')).toHaveLength(1);
      expect(await stage.metric('comfleet_foreign_ends_total')).toBe(2);
    }));

  test('A18 the end of a prompt is also reported with the id of another one: each has its own result', () =>
    WorkerStage.run({ workers: [{}] }, async (stage) => {
      const { process } = stage.worker('w1');
      const first = await stage.startOn('w1', samplerGraph(60));
      const second = await stage.rig.submit(samplerGraph(10));
      const { prompt_id: secondPrompt } = await process.ledger.nth('prompt_accepted', second, 1);
      const { prompt_id: firstPrompt } = await stage.rig.load(first);
      await process.setFault({
        name: 'interleaved_progress',
        prompt_id: firstPrompt ?? '',
        foreign_id: secondPrompt ?? '',
        times: 'until_cleared',
      });
      const ends = await Promise.all([stage.result(first), stage.result(second)]);

      expect(ends.map(({ task, isOwn }) => [task.status, task.attempt_count, isOwn])).toEqual([
        ['succeeded', 1, true],
        ['succeeded', 1, true],
      ]);
      expect([stage.executions(first), stage.executions(second)]).toEqual([['w1'], ['w1']]);
    }));
});
