import type { TaskId, WorkerId } from '@comfleet/contract';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createFacts, RULES, withModel } from '../../../test/kit/board.ts';
import { named } from '../../../test/kit/named.ts';
import { applyDecision, type Decision, decide } from '../placement/decide.ts';
import type { Head } from '../placement/opening.ts';
import { PlacementBoard } from '../placement/placement-board.ts';
import { EmbeddedQueue } from '../queue/embedded-queue.ts';
import type { WaitingTask } from '../queue/task-queue.ts';

/* Random demand on random fleets in virtual time, through the real queue and placement. A failure prints its seed. */

interface Arrival {
  atMs: number;
  client: string;
  model: string;
  priority: number;
  runMs: number;
}

const arrival: fc.Arbitrary<Arrival> = fc.record({
  atMs: fc.integer({ min: 0, max: 60_000 }),
  client: fc.constantFrom('one', 'two', 'three'),
  model: fc.constantFrom('a', 'b', 'c'),
  priority: fc.constantFrom(1, 5, 5, 5, 9),
  runMs: fc.integer({ min: 1, max: 5000 }),
});

const worker = fc.record({
  slots: fc.integer({ min: 1, max: 3 }),
  models: fc.subarray(['a', 'b', 'c'], { minLength: 1 }),
});

const demand = fc.record({
  workers: fc.array(worker, { minLength: 1, maxLength: 4 }),
  arrivals: fc.array(arrival, { minLength: 1, maxLength: 60 }),
});

const BYPASS = { starts: 3, ms: 20_000 };

/** A start, with the state of the world right before it. */
interface Start {
  decision: Extract<Decision, { kind: 'start' }>;
  heads: readonly Head[];
  /** Prompts on the chosen worker before this one. */
  load: number;
}

/** A fleet; each worker runs one prompt at a time, in the order they were sent. */
class World {
  readonly board = new PlacementBoard();
  readonly queue: EmbeddedQueue;
  readonly starts: Start[] = [];
  readonly finished: TaskId[] = [];
  mostOvertaken = 0;
  nowMs = 0;
  readonly #arrivals: readonly Arrival[];
  /** Per worker the prompts it has; the first one runs until `endsMs`. */
  readonly #sent = new Map<string, { task: WaitingTask; endsMs: number | null }[]>();

  constructor({
    workers,
    arrivals,
  }: { workers: { slots: number; models: string[] }[]; arrivals: Arrival[] }) {
    this.queue = new EmbeddedQueue({ now: () => this.nowMs, agingMs: () => 600_000 });
    this.#arrivals = arrivals;
    for (const [index, { slots, models }] of workers.entries()) {
      const files = new Map([['checkpoints', new Set(models.map((model) => `${model}.safetensors`))]]);
      this.board.setWorker(createFacts(`w${index}`, { slots, models: files }));
    }
  }

  /** True if any worker can run it. */
  canRun({ model }: Arrival): boolean {
    return [...this.board.workers.values()].some(({ facts }) =>
      facts.models?.get('checkpoints')?.has(`${model}.safetensors`),
    );
  }

  async run(): Promise<void> {
    const waiting = [...this.#arrivals.entries()].sort(([, a], [, b]) => a.atMs - b.atMs);
    for (;;) {
      const nextEndMs = Math.min(...[...this.#sent.values()].map((sent) => sent[0]?.endsMs ?? Infinity));
      const nextArrivalMs = waiting[0]?.[1].atMs ?? Infinity;
      this.nowMs = Math.min(nextEndMs, nextArrivalMs);
      if (this.nowMs === Infinity) return;
      this.#finishDue();
      while (waiting[0] && waiting[0][1].atMs <= this.nowMs) {
        const [number, item] = waiting.shift() ?? [];
        if (number !== undefined && item) await this.#accept(number, item);
      }
      await this.#place();
    }
  }

  async #accept(number: number, { model, client, priority }: Arrival): Promise<void> {
    this.board.openLane(model, () => withModel(model));
    const taskId: TaskId = named(String(number));
    const task = {
      taskId,
      lane: model,
      priority,
      acceptedSeq: number,
      ownerId: named<'principal'>(client),
      projectId: null,
      workflowKey: model,
    };
    await this.queue.put(task);
  }

  #finishDue(): void {
    for (const [name, sent] of this.#sent) {
      const [first] = sent;
      if (!first || first.endsMs === null || first.endsMs > this.nowMs) continue;
      sent.shift();
      this.finished.push(first.task.taskId);
      const { taskId, ownerId, projectId } = first.task;
      this.board.release(name as WorkerId, { taskId, ownerId, projectId, taskType: 'text_to_image' });
      this.#begin(name);
    }
  }

  async #place(): Promise<void> {
    for (;;) {
      const heads = await this.queue.heads(await this.queue.lanes());
      const decision = decide(this.board, heads, { ...RULES, bypass: BYPASS }, this.nowMs);
      applyDecision(this.board, decision, this.nowMs);
      for (const lane of decision.passed) this.mostOvertaken = Math.max(this.mostOvertaken, lane.overtaken);
      if (decision.kind === 'none') return;
      if (decision.kind === 'preempt') await this.#preempt(decision);
      else await this.#start(decision, heads);
    }
  }

  async #start(decision: Extract<Decision, { kind: 'start' }>, heads: readonly Head[]): Promise<void> {
    const { lane, worker } = decision;
    const task = await this.queue.take(lane.key);
    if (task?.taskId !== decision.head.taskId) throw new Error('the head is not what is taken');
    this.starts.push({ decision, heads, load: worker.load });
    const { taskId, ownerId, projectId, rank, acceptedSeq } = task;
    const prompt = {
      taskId,
      ownerId,
      projectId,
      rank,
      acceptedSeq,
      lane: lane.key,
      taskType: 'text_to_image',
      modelsKey: lane.modelsKey,
    };
    const { id } = worker.facts;
    this.board.occupy(id, { ...prompt, workflowKey: task.workflowKey, phase: 'sending', startedMs: null });
    this.board.setPhase(id, taskId, 'waiting', this.nowMs);
    this.#sent.set(id, [...(this.#sent.get(id) ?? []), { task, endsMs: null }]);
    this.#begin(id);
  }

  async #preempt({ worker, prompt }: Extract<Decision, { kind: 'preempt' }>): Promise<void> {
    const { id } = worker.facts;
    const sent = this.#sent.get(id) ?? [];
    const place = sent.findIndex(({ task }) => task.taskId === prompt.taskId);
    const [back] = sent.splice(place, 1);
    if (!back || back.endsMs !== null) throw new Error('a prompt that runs was preempted');
    this.board.release(id, prompt);
    await this.queue.put(back.task);
  }

  #begin(name: string): void {
    const first = this.#sent.get(name)?.[0];
    if (!first || first.endsMs !== null) return;
    first.endsMs = this.nowMs + (this.#arrivals[Number(first.task.taskId)]?.runMs ?? 0);
    this.board.setPhase(name as WorkerId, first.task.taskId, 'running', this.nowMs);
  }
}

test('every task that a worker can run is run once, and no worker has more than its slots', async () => {
  await fc.assert(
    fc.asyncProperty(demand, async (generated) => {
      const world = new World(generated);
      await world.run();

      const runnable = [...generated.arrivals.entries()].filter(([, item]) => world.canRun(item));
      expect([...world.finished].map(Number).sort((a, b) => a - b)).toEqual(
        runnable.map(([number]) => number),
      );
      for (const { decision, load } of world.starts) expect(load).toBeLessThan(decision.worker.facts.slots);
    }),
    { numRuns: 200 },
  );
});

test('P12 TQ3 no task takes a slot that one of higher rank could have had', async () => {
  await fc.assert(
    fc.asyncProperty(demand, async (generated) => {
      const world = new World(generated);
      await world.run();

      for (const { decision, heads } of world.starts)
        for (const head of heads)
          if (head.rank > decision.head.rank)
            expect(world.board.findLane(head.lane)?.serving.has(decision.worker)).toBe(false);
    }),
    { numRuns: 200 },
  );
});

test('no lane is overtaken more often than it may be', async () => {
  await fc.assert(
    fc.asyncProperty(demand, async (generated) => {
      const world = new World(generated);
      await world.run();

      expect(world.mostOvertaken).toBeLessThanOrEqual(BYPASS.starts);
    }),
    { numRuns: 200 },
  );
});
