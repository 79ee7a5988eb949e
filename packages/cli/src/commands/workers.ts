import type { Worker } from '@comfleet/contract';
import type { Comfleet } from '@comfleet/sdk';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { formatTable, toPlainText } from '../output/table.ts';

const HEADS = ['WORKER', 'STATE', 'LOAD', 'GROUP', 'LABELS', 'SOCKET', 'COMFYUI', 'SOURCE', 'URL', 'REASON'];

/** Workers as a table. */
export function formatWorkers(workers: readonly Worker[]): string[] {
  return formatTable(HEADS, workers.map(toRow));
}

function toRow(worker: Worker): string[] {
  return [
    worker.name,
    worker.state,
    `${worker.load}/${worker.max_concurrent}`,
    worker.group,
    worker.labels.join(',') || '-',
    worker.socket,
    worker.comfyui_version ?? '-',
    worker.source,
    worker.url,
    toPlainText(worker.reason ?? ''),
  ];
}

/** `comfleet workers list`. */
export async function listWorkers(context: CommandContext): Promise<number> {
  const comfleet = await context.connect();
  const workers = await comfleet.workers.list({ signal: context.terminal.signal });
  context.show({ workers }, () =>
    workers.length === 0 ? [context.texts.nothing()] : formatWorkers(workers),
  );
  return EXIT.ok;
}

/** `comfleet workers show`: by id or name. */
export async function showWorker(context: CommandContext, idOrName: string): Promise<number> {
  const comfleet = await context.connect();
  const { signal } = context.terminal;
  const worker = await findWorker(comfleet, idOrName, signal);
  context.show(worker, () => [...formatWorkers([worker]), ...worker.devices.map((d) => JSON.stringify(d))]);
  return EXIT.ok;
}

/** `comfleet workers check`: asks now; status 1 when one of them does not answer. */
export async function checkWorkers(context: CommandContext, idsOrNames: readonly string[]): Promise<number> {
  const comfleet = await context.connect();
  const { signal } = context.terminal;
  const known = await comfleet.workers.list({ signal });
  const ids = idsOrNames.length === 0 ? known.map((worker) => worker.worker_id) : idsOrNames.map(toId);
  const workers: Worker[] = [];
  for (const id of ids) workers.push(await comfleet.workers.check(id, { signal }));
  context.show({ workers }, () =>
    workers.length === 0 ? [context.texts.nothing()] : formatWorkers(workers),
  );
  const isFine = (worker: Worker): boolean => worker.state === 'online' || worker.state === 'busy';
  return workers.every(isFine) ? EXIT.ok : EXIT.failed;

  function toId(idOrName: string): string {
    return known.find((worker) => worker.name === idOrName)?.worker_id ?? idOrName;
  }
}

/** A worker by its name or id. */
export async function findWorker(comfleet: Comfleet, idOrName: string, signal: AbortSignal): Promise<Worker> {
  const named = (await comfleet.workers.list({ signal })).find((worker) => worker.name === idOrName);
  return named ?? (await comfleet.workers.load(idOrName, { signal }));
}
