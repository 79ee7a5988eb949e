import type { CheckedWorker, Worker, WorkerEvent } from '@comfleet/contract';
import type { Comfleet } from '@comfleet/sdk';
import { findNamed } from '../connection/find-named.ts';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { formatTable, toPlainText } from '../output/table.ts';
import { formatTroubles } from '../output/troubles.ts';
import type { CliTexts } from '../texts/cli-texts.ts';

const HEADS = [
  'worker',
  'state',
  'load',
  'group',
  'labels',
  'socket',
  'comfyui',
  'source',
  'url',
  'reason',
] as const;

/** Workers as a table. */
export function formatWorkers(workers: readonly Worker[], texts: CliTexts): string[] {
  return formatTable(
    texts.heads(...HEADS),
    workers.map((worker) => toRow(worker, texts)),
  );
}

function toRow(worker: Worker, texts: CliTexts): string[] {
  return [
    worker.name,
    texts.name('state', worker.state),
    `${worker.load}/${worker.max_concurrent}`,
    texts.name('group', worker.group),
    worker.labels.join(',') || '-',
    texts.name('socket', worker.socket),
    worker.comfyui_version ?? '-',
    texts.name('source', worker.source),
    worker.url,
    toPlainText(texts.sent(worker.reason_text, worker.reason ?? '')),
  ];
}

/** `comfleet workers list`. */
export async function listWorkers(context: CommandContext): Promise<number> {
  const comfleet = await context.connect();
  const workers = await comfleet.workers.list({ signal: context.terminal.signal });
  context.show({ workers }, () =>
    workers.length === 0
      ? [context.texts.say('cli.nothing')]
      : [...formatWorkers(workers, context.texts), ...formatTroubles(workers.map(toTroubled), context.texts)],
  );
  return EXIT.ok;
}

/** `comfleet workers show`: by id or name. */
export async function showWorker(context: CommandContext, idOrName: string): Promise<number> {
  const comfleet = await context.connect();
  const { signal } = context.terminal;
  const worker = await findWorker(comfleet, idOrName, signal);
  context.show(worker, () => [
    ...formatWorkers([worker], context.texts),
    ...formatTroubles([toTroubled(worker)], context.texts),
    ...worker.devices.map((d) => JSON.stringify(d)),
  ]);
  return EXIT.ok;
}

function toTroubled({ name, recovery }: Worker) {
  return { name, trouble: recovery && { since: recovery.since, texts: recovery.advice_texts ?? [] } };
}

/** `comfleet workers check`: asks now; status 1 when one of them does not answer. */
export async function checkWorkers(context: CommandContext, idsOrNames: readonly string[]): Promise<number> {
  const comfleet = await context.connect();
  const { signal } = context.terminal;
  const known = await comfleet.workers.list({ signal });
  const selected =
    idsOrNames.length === 0 ? known : idsOrNames.map((idOrName) => pickWorker(known, idOrName));
  const workers: CheckedWorker[] = [];
  for (const { worker_id: id } of selected) workers.push(await comfleet.workers.check(id, { signal }));
  context.show({ workers }, () =>
    workers.length === 0
      ? [context.texts.say('cli.nothing')]
      : [...formatWorkers(workers, context.texts), '', ...formatChecks(workers, context.texts)],
  );
  const isFine = (worker: Worker): boolean => worker.state === 'online' || worker.state === 'busy';
  return workers.every(isFine) ? EXIT.ok : EXIT.failed;
}

/** What each check found just now. */
function formatChecks(workers: readonly CheckedWorker[], texts: CliTexts): string[] {
  const rows = workers.map(({ name, check }) => {
    const { result, latency_ms: ms } = check;
    const found = toPlainText(texts.sent(check.message_text, check.message));
    return [
      name,
      texts.name('check', result),
      ms === null ? '-' : texts.say('cli.milliseconds', { ms }),
      found,
    ];
  });
  return formatTable(texts.heads('worker', 'check', 'latency', 'found'), rows);
}

/** `comfleet workers accept`: the ComfyUI that answers now is the right one. */
export async function acceptWorker(context: CommandContext, idOrName: string): Promise<number> {
  const comfleet = await context.connect();
  const { signal } = context.terminal;
  const { worker_id: id } = await findWorker(comfleet, idOrName, signal);
  const worker = await comfleet.workers.accept(id, { signal });
  context.show(worker, () => [
    ...formatWorkers([worker], context.texts),
    '',
    ...formatChecks([worker], context.texts),
  ]);
  return worker.check.result === 'ok' ? EXIT.ok : EXIT.failed;
}

/** `comfleet workers events`: of one worker, or of all. */
export async function listWorkerEvents(
  context: CommandContext,
  idOrName: string | undefined,
  limit: number,
): Promise<number> {
  const comfleet = await context.connect();
  const { signal } = context.terminal;
  const id = idOrName === undefined ? null : (await findWorker(comfleet, idOrName, signal)).worker_id;
  const page = await comfleet.workers.listEvents(id, { limit, signal });
  context.show(page, () =>
    page.events.length === 0 ? [context.texts.say('cli.nothing')] : formatEvents(page.events, context.texts),
  );
  return EXIT.ok;
}

function formatEvents(events: readonly WorkerEvent[], texts: CliTexts): string[] {
  const rows = events.map((event) => [
    event.at,
    event.name,
    texts.name('event', event.type.replace('worker.', '')),
    event.duration_ms === null
      ? ''
      : texts.say('cli.seconds', { seconds: (event.duration_ms / 1000).toFixed(1) }),
    toPlainText(texts.sent(event.cause_text, event.cause)),
  ]);
  return formatTable(texts.heads('at', 'worker', 'what', 'after', 'cause'), rows);
}

/** A worker by its name or id. Throws WORKER_NOT_FOUND with the nearest name. */
export async function findWorker(comfleet: Comfleet, idOrName: string, signal: AbortSignal): Promise<Worker> {
  return pickWorker(await comfleet.workers.list({ signal }), idOrName);
}

function pickWorker(workers: readonly Worker[], idOrName: string): Worker {
  return findNamed(workers, idOrName, {
    what: 'worker',
    code: 'WORKER_NOT_FOUND',
    read: ({ worker_id: id, name }) => ({ id, name }),
  });
}
