import type { Placement } from '@comfleet/contract';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { formatTable, toPlainText } from '../output/table.ts';
import type { CliTexts } from '../texts/cli-texts.ts';

/** `comfleet tasks why`: why a task waits, worker by worker, or why it runs where it does. */
export async function explainTask(context: CommandContext, taskId: string): Promise<number> {
  const comfleet = await context.connect();
  const placement = await comfleet.tasks.placement(taskId, { signal: context.terminal.signal });
  context.show(placement, () => [
    toPlainText(placement.message),
    ...describeWaiting(placement, context.texts),
    ...describePlaced(placement, context.texts),
  ]);
  return EXIT.ok;
}

function describeWaiting({ waiting }: Placement, texts: CliTexts): string[] {
  if (!waiting) return [];
  const rows = waiting.workers.map(({ name, load, slots, hot, reason, missing }) => [
    toPlainText(name),
    `${load}/${slots}`,
    hot ? texts.modelsLoaded() : '-',
    reason === null ? texts.couldTake() : texts.refusal(reason, missing ?? ''),
  ]);
  const passed = waiting.overtaken > 0 || waiting.passed_seconds !== null;
  return [
    ...(passed
      ? [texts.overtaken(waiting.overtaken, waiting.overtaken_limit, waiting.passed_seconds ?? 0)]
      : []),
    ...(rows.length > 0 ? formatTable(['WORKER', 'LOAD', 'MODELS', 'WHY'], rows) : []),
  ];
}

function describePlaced({ placed }: Placement, texts: CliTexts): string[] {
  if (!placed) return [];
  const refused = Object.entries(placed.refused).map(([reason, count]) => `${count} ${reason}`);
  return [
    texts.placed(toPlainText(placed.worker_name ?? '?'), placed.strategy, placed.ground),
    ...formatTable(
      ['CANDIDATE', 'SCORE', 'LOAD'],
      placed.scores.map(({ worker, score, load }) => [
        toPlainText(worker),
        score.map((value) => value.toFixed(2)).join(' '),
        String(load),
      ]),
    ),
    ...(refused.length > 0 ? [texts.othersOut(refused.join(', '))] : []),
  ];
}
