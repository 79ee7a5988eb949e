import type { ProjectId, TaskId } from '@comfleet/contract';
import { applyDecision, type Decision, decide } from '../../src/flow/placement/decide.ts';
import { type Needs, toModelsKey, type WorkerFacts } from '../../src/flow/placement/needs.ts';
import type { Head } from '../../src/flow/placement/opening.ts';
import { PlacementBoard } from '../../src/flow/placement/placement-board.ts';
import type { PlacementRules } from '../../src/flow/placement/rules.ts';
import { named } from './named.ts';

export const NEEDS: Needs = {
  taskType: 'text_to_image',
  classTypes: ['KSampler'],
  models: [],
  excludedWorkers: [],
};

export const RULES: PlacementRules = {
  strategy: 'least_loaded',
  bypass: { starts: 24, ms: 60_000 },
  typeLimit: () => null,
  running: { ofOwner: () => null, ofProject: () => null },
  durations: { expectedMs: () => null, expectedLoadMs: () => null },
  laneSize: () => 1,
  random: () => 0.5,
};

export function createFacts(name: string, changes: Partial<WorkerFacts> = {}): WorkerFacts {
  return {
    id: named(name),
    name,
    state: 'online',
    simulated: false,
    group: 'primary',
    weight: 1,
    priority: 5,
    slots: 2,
    capabilities: [],
    labels: [],
    classTypes: CLASSES,
    models: MODELS,
    maxUploadBytes: null,
    vramBytes: 0,
    ...changes,
  };
}

const CLASSES = new Set(['KSampler', 'SaveImage']);
const MODELS = new Map([
  ['checkpoints', new Set(['a.safetensors', 'b.safetensors', 'c.safetensors'])],
  ['loras', new Set(['style.safetensors'])],
]);

/** Needs of a task that samples with this checkpoint. */
export function withModel(name: string, changes: Partial<Needs> = {}): Needs {
  return { ...NEEDS, models: [{ folder: 'checkpoints', name: `${name}.safetensors` }], ...changes };
}

/** A board with one waiting task per lane, and prompts that a test sends and ends. */
export class BoardTable {
  readonly board = new PlacementBoard();
  readonly heads = new Map<string, Head>();
  nowMs = 0;
  #tasks = 0;

  constructor(workers: readonly WorkerFacts[]) {
    for (const facts of workers) this.board.setWorker(facts);
  }

  /** Puts a task at the head of a lane. */
  wait(lane: string, needs: Needs, head: Partial<Head> = {}): void {
    this.board.openLane(lane, () => needs);
    this.#tasks += 1;
    this.heads.set(lane, {
      taskId: named(`task-${this.#tasks}`),
      lane,
      priority: 5,
      rank: 5,
      acceptedSeq: this.#tasks,
      ownerId: named('owner'),
      projectId: null,
      workflowKey: 'workflow',
      ...head,
    });
  }

  /** Puts a prompt on a worker. */
  send(
    worker: string,
    needs: Needs,
    {
      ownerId = named<'principal'>('owner'),
      projectId = null as ProjectId | null,
      rank = 5,
      lane = 'sent',
      phase = 'running' as 'running' | 'waiting',
    } = {},
  ): TaskId {
    this.#tasks += 1;
    const taskId: TaskId = named(`task-${this.#tasks}`);
    const { taskType } = needs;
    const modelsKey = toModelsKey(needs);
    const prompt = { taskId, ownerId, projectId, taskType, rank, lane, modelsKey, acceptedSeq: this.#tasks };
    this.board.occupy(named(worker), {
      ...prompt,
      workflowKey: 'workflow',
      phase: 'sending',
      startedMs: null,
    });
    this.board.setPhase(named(worker), taskId, phase, this.nowMs);
    return taskId;
  }

  /** Ends a prompt after a complete run. */
  end(
    worker: string,
    taskId: TaskId,
    {
      ownerId = named<'principal'>('owner'),
      projectId = null as ProjectId | null,
      taskType = 'text_to_image',
    } = {},
  ): void {
    this.board.release(named(worker), { taskId, ownerId, projectId, taskType });
  }

  decide(rules: Partial<PlacementRules> = {}): Decision {
    return decide(this.board, [...this.heads.values()], { ...RULES, ...rules }, this.nowMs);
  }

  /** Makes a decision, applies it to the board, and returns it in short; a started task runs with the models of its lane. */
  step(rules: Partial<PlacementRules> = {}): string {
    const decision = this.decide(rules);
    applyDecision(this.board, decision, this.nowMs);
    if (decision.kind !== 'start') return decision.kind;
    const { lane, worker, head, reason } = decision;
    this.send(worker.facts.id, lane.needs, head);
    this.heads.delete(lane.key);
    return `${lane.key} on ${worker.facts.name}, ${reason}`;
  }
}
