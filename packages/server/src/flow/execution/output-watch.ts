import type { PromptFollower } from '@comfleet/comfyui';
import { type TaskText, toTaskSentence } from '@comfleet/contract/texts/tasks';
import type { Clock } from '../../platform/time/clock.ts';
import type { TaskRequirements } from '../tasks/requirements.ts';
import type { TaskRow } from '../tasks/task-tables.ts';
import type { RunningWorker } from './attempt-job.ts';
import { type AttemptResult, endAttempt } from './ending.ts';
import { describeLeftOut, findLeftOut, type ReportedOutputs } from './left-out-outputs.ts';
import type { PreparedGraph } from './prepare-graph.ts';

type RefusedResult = Exclude<AttemptResult, { ending: 'succeeded' }>;

export interface OutputWatchOptions {
  task: Pick<TaskRow, 'requirements'>;
  prepared: PreparedGraph;
  worker: Pick<RunningWorker, 'findLeftOut'>;
  follower: Pick<PromptFollower, 'executes' | 'askExecutes'>;
  clock: Clock;
}

const ASK_AGAIN_MS = 1000;

/**
 * Watches which outputs of a prompt the worker runs, by its answer to the POST and by its queue and history. So neither a lost
 * answer nor a restart of ours loses that. If only the whole graph is wanted, a part is refused.
 */
export class OutputWatch {
  /** Resolves with the attempt's end once a wanted whole is known to run only in part; otherwise never. */
  readonly refused: Promise<{ refused: RefusedResult }>;
  readonly #options: OutputWatchOptions;
  readonly #isWholeWanted: boolean;
  /** `node_errors` of the POST; null if the answer was lost, or an earlier process got it. */
  #nodeErrors: Record<string, unknown> | null = null;
  #cancel: () => void = () => {};
  #resolve: (refused: { refused: RefusedResult }) => void = () => {};
  #stopped = false;

  constructor(options: OutputWatchOptions) {
    this.#options = options;
    this.#isWholeWanted = readAllOrNothing(options.task);
    this.refused = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** Takes the `node_errors` of the answer to the POST, empty without any; null if the answer was lost. */
  setNodeErrors(nodeErrors: Record<string, unknown> | null): void {
    this.#nodeErrors = nodeErrors;
  }

  /** Starts polling if only the whole graph is wanted; after a lost answer the worker is asked again. */
  start(): void {
    if (this.#isWholeWanted) void this.#poll();
  }

  /** Safe to call twice. */
  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  /** Warnings for users about outputs that do not run. */
  warnings(): TaskText[] {
    return describeLeftOut(this.#options.prepared, this.#reported);
  }

  /** The attempt's end if a wanted whole ran only in part; else null. */
  check(): RefusedResult | null {
    const leftOut = findLeftOut(this.#options.prepared, this.#reported);
    if (!this.#isWholeWanted || leftOut.length === 0) return null;
    const texts = this.warnings();
    return endAttempt('refused', 'PROMPT_REFUSED', {
      partial: true,
      left_out: leftOut.slice(0, MAX_LISTED),
      ...(this.#nodeErrors === null
        ? { message: texts.map(toTaskSentence).join(' '), message_text: texts[0] }
        : { node_errors: this.#nodeErrors }),
    });
  }

  get #reported(): ReportedOutputs {
    const { worker, prepared, follower } = this.#options;
    const leftOut = worker.findLeftOut(prepared.graph, follower.executes);
    return { nodeErrors: this.#nodeErrors, leftOut };
  }

  async #poll(): Promise<void> {
    const { follower, clock } = this.#options;
    const isKnown = () => this.#nodeErrors !== null || follower.executes !== null;
    if (!isKnown()) await follower.askExecutes();
    if (this.#stopped) return;
    const refused = this.check();
    if (refused !== null) this.#resolve({ refused });
    else if (!isKnown()) this.#cancel = clock.setTimer(ASK_AGAIN_MS, () => void this.#poll());
  }
}

const MAX_LISTED = 100;

function readAllOrNothing({ requirements }: Pick<TaskRow, 'requirements'>): boolean {
  const { allOrNothing }: Pick<TaskRequirements, 'allOrNothing'> = JSON.parse(requirements);
  return allOrNothing ?? false;
}
