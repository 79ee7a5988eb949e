import type { TaskId } from '@comfleet/contract';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { named } from '../../../test/kit/named.ts';
import type { TaskRow } from '../tasks/task-tables.ts';
import type { Engine } from './engine.ts';

/** An engine over two workers that take one task each, and what the list does around it. */
export interface EngineStage {
  engine: Engine;
  /** Accepts a task of one lane that runs for the given time, and hands it to the engine. */
  submit(seconds: number): Promise<TaskId>;
  load(id: TaskId): Promise<TaskRow>;
  /** Stores the cancel request of a running task, as the calls do before they tell the engine. */
  requestCancel(id: TaskId): Promise<void>;
  /** Resolves once the task runs on its worker. */
  started(id: TaskId): Promise<void>;
  /** Resolves with the task once it has ended. */
  ended(id: TaskId): Promise<TaskRow>;
  close(): Promise<void>;
}

const UNKNOWN = named<'task'>('01890000-0000-7000-8000-0000000000ff');
const LONG_SECONDS = 60;

/** What every engine must do, in this process or another. */
export function describeEngine(name: string, open: () => Promise<EngineStage>): void {
  describe(`${name} as an engine`, () => {
    let stage: EngineStage;
    beforeAll(async () => {
      stage = await open();
    });
    afterAll(() => stage.close());

    const cancel = async (id: TaskId) => {
      await stage.requestCancel(id);
      await stage.engine.cancelRunning(id);
      return stage.ended(id);
    };
    /** Both workers busy with a long task each. */
    const fillWorkers = async () => {
      const ids = [await stage.submit(LONG_SECONDS), await stage.submit(LONG_SECONDS)];
      for (const id of ids) await stage.started(id);
      return ids;
    };
    const runAll = async (ids: readonly TaskId[]) => {
      for (const id of ids) expect((await stage.ended(id)).state).toBe('succeeded');
    };

    test('tells where waiting tasks stand, and nothing of tasks that have ended', async () => {
      const running = await fillWorkers();
      const waiting = [await stage.submit(0), await stage.submit(0)];
      const rows = await Promise.all(waiting.map(stage.load));
      const outlook = await stage.engine.outlook(rows);

      expect(waiting.map((id) => outlook.get(id)?.position)).toEqual([0, 1]);
      for (const id of running) expect((await cancel(id)).state).toBe('canceled');
      await runAll(waiting);
      const after = await stage.engine.outlook(await Promise.all(waiting.map(stage.load)));
      expect([...after.keys()]).toEqual([]);
    });

    test('starts nothing that was dropped until it is handed over again', async () => {
      const running = await fillWorkers();
      const [dropped, next] = [await stage.submit(0), await stage.submit(0)];
      const row = await stage.load(dropped);
      await stage.engine.drop([dropped, UNKNOWN]);
      for (const id of running) await cancel(id);
      await runAll([next]);

      expect((await stage.engine.outlook([row])).get(dropped)?.position).toBeNull();
      expect((await stage.load(dropped)).state).toBe('queued');
      await stage.engine.enqueue([row]);
      await runAll([dropped]);
      // A task that has ended is no work.
      await stage.engine.enqueue([await stage.load(dropped)]);
      expect((await stage.engine.stats()).waiting).toBe(0);
    });

    test('counts no task as held that was let go or ended before it was handed over', async () => {
      const id = await stage.submit(0);
      await runAll([id]);
      const ended = await stage.load(id);
      await stage.engine.enqueue([{ ...ended, state: 'held', held_reason: 'batch_paused' }]);

      expect((await stage.engine.stats()).held).toBe(0);
    });

    test('says for each worker why a task waits, and what each has', async () => {
      const running = await fillWorkers();
      const waiting = await stage.submit(0);
      const reasons = await stage.engine.explain(await stage.load(waiting));
      const loads = await stage.engine.loads();
      const { lanes, workers, waiting: count } = await stage.engine.describePlacement();

      expect(reasons.workers.map(({ load, refusal }) => [load, refusal?.reason])).toEqual([
        [1, 'full'],
        [1, 'full'],
      ]);
      expect([...loads.values()]).toEqual([1, 1]);
      expect(count).toBe(1);
      expect(lanes.map((lane) => [lane.waiting, lane.serving, lane.free])).toEqual([[1, 2, 0]]);
      expect(workers.map((worker) => [worker.load, worker.slots])).toEqual([
        [1, 1],
        [1, 1],
      ]);
      for (const id of running) await cancel(id);
      await runAll([waiting]);
    });

    test('finds a running task on its worker, and none that it does not run', async () => {
      const id = await stage.submit(LONG_SECONDS);
      await stage.started(id);
      const { worker_id: workerId, prompt_id: promptId } = await stage.load(id);

      expect(await stage.engine.locate(id)).toEqual({ workerId, promptId, phase: 'running' });
      expect(await stage.engine.recheck(id)).toEqual({ place: 'running', error: null });
      expect(await stage.engine.locate(UNKNOWN)).toBeNull();
      expect(await stage.engine.recheck(UNKNOWN)).toBeNull();
      await cancel(id);
    });

    test('moves the tasks of a worker whose process ended, at once', async () => {
      const id = await stage.submit(1);
      await stage.started(id);
      const { worker_id: first } = await stage.load(id);
      if (first) await stage.engine.workerGone(first);
      const task = await stage.ended(id);

      expect(task.state).toBe('succeeded');
      expect(task.worker_id).not.toBe(first);
    });

    test('counts what runs, waits and has ended', async () => {
      const before = await stage.engine.stats();
      const running = await fillWorkers();
      const waiting = await stage.submit(0);
      const during = await stage.engine.stats();
      for (const id of running) await cancel(id);
      await runAll([waiting]);

      expect([during.running, during.waiting, during.held]).toEqual([2, 1, 0]);
      // Counted after the commit, which can be read before.
      await vi.waitFor(async () => {
        const { finished } = await stage.engine.stats();
        expect((finished.canceled ?? 0) - (before.finished.canceled ?? 0)).toBe(2);
        expect((finished.succeeded ?? 0) - (before.finished.succeeded ?? 0)).toBe(1);
      });
      expect(await stage.engine.estimateErrors()).toEqual(expect.any(Array));
    });

    test('takes word of new settings and of the complete fleet at any time', async () => {
      const id = await stage.submit(0);
      await Promise.all([stage.engine.settingsChanged(), stage.engine.fleetComplete()]);

      await runAll([id]);
    });
  });
}
