import { type Placement, plainText, type Text } from '@comfleet/contract';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { formatTable, toPlainText } from '../output/table.ts';
import { formatTroubles } from '../output/troubles.ts';
import type { CliTexts } from '../texts/cli-texts.ts';

/** `comfleet tasks why`: why a task waits, worker by worker, why it runs where it does, or why it failed. */
export async function explainTask(context: CommandContext, taskId: string): Promise<number> {
  const comfleet = await context.connect();
  const { signal } = context.terminal;
  const placement = await comfleet.tasks.placement(taskId, { signal });
  const error = placement.status === 'failed' ? (await comfleet.tasks.load(taskId, { signal })).error : null;
  const message = context.texts.sent(placement.message_texts, placement.message);
  context.show(placement, () => [
    toPlainText(error === null ? message : context.texts.error(error)),
    ...(error === null ? [] : context.texts.points(error).map((point) => `  ${toPlainText(point)}`)),
    ...describeWaiting(placement, context.texts),
    ...formatTroubles(placement.waiting?.workers ?? [], context.texts),
    ...describePlaced(placement, context.texts),
  ]);
  return EXIT.ok;
}

function describeWaiting({ waiting }: Placement, texts: CliTexts): string[] {
  if (!waiting) return [];
  const rows = waiting.workers.map(({ name, load, slots, hot, reason, missing }) => [
    toPlainText(name),
    `${load}/${slots}`,
    hot ? texts.say('cli.models_loaded') : '-',
    toPlainText(texts.format(describeRefusal(reason, missing))),
  ]);
  const { overtaken: times, overtaken_limit: limit } = waiting;
  const passed = waiting.overtaken > 0 || waiting.passed_seconds !== null;
  return [
    ...(passed ? [texts.say('cli.overtaken', { times, limit, seconds: waiting.passed_seconds ?? 0 })] : []),
    ...(rows.length > 0 ? formatTable(texts.heads('worker', 'load', 'models', 'why'), rows) : []),
  ];
}

type WaitingWorker = NonNullable<Placement['waiting']>['workers'][number];

function describeRefusal(reason: WaitingWorker['reason'], missing: string | null): Text {
  if (reason === null) return plainText('wait.could_take');
  const text = plainText(`refusal.${reason}`);
  return missing === null ? text : { code: 'wait.missing', params: { reason: text, missing } };
}

function describePlaced({ placed }: Placement, texts: CliTexts): string[] {
  if (!placed) return [];
  const counts = Object.entries(placed.refused).map(([reason, count]) => ({
    code: 'wait.count',
    params: { reason: plainText(`refusal.${reason}`), count },
  }));
  const worker = toPlainText(placed.worker_name ?? '?');
  const reason = plainText(`placed.${placed.ground}`);
  return [
    ...formatTroubles([{ name: worker, trouble: placed.trouble }], texts),
    texts.say('cli.placed', { worker, strategy: placed.strategy, ground: reason }),
    ...formatTable(
      texts.heads('candidate', 'score', 'load'),
      placed.scores.map(({ worker, score, load }) => [
        toPlainText(worker),
        score.map((value) => value.toFixed(2)).join(' '),
        String(load),
      ]),
    ),
    ...(counts.length > 0 ? [texts.say('cli.others_out', { counts })] : []),
  ];
}
