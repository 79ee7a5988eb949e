import type { AnnounceWorker, ChangeWorker, RemoveMode, Worker } from '@comfleet/contract';
import { plainText } from '@comfleet/contract/texts/catalogue';
import { announceWorker, type Comfleet, type WorkerOverride } from '@comfleet/sdk';
import { sendDatagrams } from '../announce/send-datagrams.ts';
import { type CommandContext, openSession } from '../context.ts';
import { EXIT, UsageError } from '../exit-codes.ts';
import { toRecord } from '../explain-failure.ts';
import { type AccessFlags, readAccess } from './worker-access.ts';
import { findWorker, formatWorkers } from './workers.ts';

/** Flags that say what a worker is; `undefined` ones are not said. */
export interface WorkerFlags {
  readonly maxConcurrent?: number;
  readonly capability?: readonly string[];
  readonly label?: readonly string[];
  readonly group?: 'primary' | 'backup';
  readonly weight?: number;
  readonly priority?: number;
  readonly metadata?: readonly string[];
}

/** The flags in the words of the API. Throws UsageError for metadata without `=`. */
export function toSettings(flags: WorkerFlags): ChangeWorker {
  const { maxConcurrent, capability, label, group, weight, priority, metadata } = flags;
  return {
    ...(maxConcurrent === undefined ? {} : { max_concurrent: maxConcurrent }),
    ...(capability === undefined ? {} : { capabilities: capability.filter((name) => name !== '') }),
    ...(label === undefined ? {} : { labels: label.filter((name) => name !== '') }),
    ...(group === undefined ? {} : { group }),
    ...(weight === undefined ? {} : { weight }),
    ...(priority === undefined ? {} : { priority }),
    ...(metadata === undefined ? {} : { metadata: Object.fromEntries(metadata.map(toEntry)) }),
  };
}

function toEntry(text: string): [string, string] {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw new UsageError({ code: 'usage.metadata', params: { value: text } });
  }
  return [name, value];
}

/** `comfleet workers add`: the worker must answer. */
export async function addWorker(
  context: CommandContext,
  url: string,
  flags: WorkerFlags & AccessFlags & { readonly name?: string },
): Promise<number> {
  checkAddress(url);
  const access = await readAccess(flags, context.terminal.env);
  const comfleet = await context.connect();
  const { signal } = context.terminal;
  const worker = await comfleet.workers.register({ ...toRegistration(url, flags), ...access }, { signal });
  return show(context, worker);
}

/** Throws UsageError for what is no address of a server. */
function checkAddress(url: string): void {
  if (!/^https?:\/\/./.test(url) || !URL.canParse(url))
    throw new UsageError({ code: 'usage.worker_address', params: { flag: '<url>', value: url } });
}

function toRegistration(url: string, flags: WorkerFlags & { readonly name?: string }): AnnounceWorker {
  return { url, ...(flags.name === undefined ? {} : { name: flags.name }), ...toSettings(flags) };
}

/** `comfleet workers set`: changes what the flags say. */
export async function setWorker(
  context: CommandContext,
  idOrName: string,
  flags: WorkerFlags & AccessFlags,
): Promise<number> {
  const changes = { ...toSettings(flags), ...(await readAccess(flags, context.terminal.env)) };
  if (Object.keys(changes).length === 0) throw new UsageError(plainText('usage.no_change'));
  return change(context, idOrName, (workers, id, call) => workers.change(id, changes, call));
}

/** `comfleet workers remove`. */
export async function removeWorker(
  context: CommandContext,
  idOrName: string,
  mode: RemoveMode,
): Promise<number> {
  const { comfleet } = await openSession(context);
  const { signal } = context.terminal;
  const { worker_id: id, name } = await findWorker(comfleet, idOrName, signal);
  const removed = await comfleet.workers.remove(id, { mode, signal });
  context.show(removed, () => [
    removed.removed
      ? context.texts.say('cli.worker_removed', { name })
      : context.texts.say('cli.worker_leaving', { name, tasks: removed.waiting_for }),
  ]);
  return EXIT.ok;
}

/** `comfleet workers drain`, `maintenance`, `enable`, `disable`, and `resume`, which ends drain and maintenance. */
export function overrideWorker(
  context: CommandContext,
  idOrName: string,
  override: WorkerOverride,
): Promise<number> {
  return change(context, idOrName, (workers, id, call) => workers.override(id, override, call));
}

/** `comfleet workers refresh`: asks what it can run. */
export function refreshWorker(context: CommandContext, idOrName: string): Promise<number> {
  return change(context, idOrName, (workers, id, call) => workers.refreshInventory(id, call));
}

export interface AnnounceFlags extends WorkerFlags {
  readonly server?: string;
  /** HOST:PORT of signed datagrams, instead of a server. */
  readonly udp?: string;
  readonly tokenEnv: string;
  readonly name?: string;
}

/** `comfleet workers announce`: says that a worker is there until it is ended. */
export async function announce(context: CommandContext, url: string, flags: AnnounceFlags): Promise<number> {
  const { terminal, texts } = context;
  const joinToken = terminal.env[flags.tokenEnv];
  if (joinToken === undefined || joinToken === '') {
    throw new UsageError({ code: 'usage.no_join_token', params: { variable: flags.tokenEnv } });
  }
  checkAddress(url);
  const worker = toRegistration(url, flags);
  const { clock, signal } = terminal;
  if (flags.udp !== undefined) {
    const place = { ...toPlace(flags.udp), clock, signal };
    const onSent = () =>
      context.show({ sent: worker }, () => [texts.say('cli.announcement_sent', { place: flags.udp ?? '' })]);
    await sendDatagrams(worker, { ...place, joinToken, onSent });
    return EXIT.ok;
  }
  if (flags.server === undefined) throw new UsageError(plainText('usage.no_place'));
  await announceWorker(worker, {
    server: flags.server,
    joinToken,
    clock,
    signal,
    onAnnounced: (answer) =>
      context.show(answer, () => [
        texts.say('cli.announced', {
          name: answer.name,
          state: texts.name('state', answer.state),
          seconds: answer.again_seconds,
        }),
      ]),
    onFailure: (error) =>
      terminal.err(texts.say('cli.announce_failed', { message: texts.explain(toRecord(error)) })),
  });
  return EXIT.ok;
}

function toPlace(text: string): { host: string; port: number } {
  const [, host, port] = /^\[?([^\]]+?)\]?:(\d{1,5})$/.exec(text) ?? [];
  if (host === undefined || port === undefined)
    throw new UsageError({ code: 'usage.udp_place', params: { value: text } });
  return { host, port: Number(port) };
}

async function change(
  context: CommandContext,
  idOrName: string,
  step: (workers: Comfleet['workers'], id: string, call: { signal: AbortSignal }) => Promise<Worker>,
): Promise<number> {
  const comfleet = await context.connect();
  const { signal } = context.terminal;
  const { worker_id: id } = await findWorker(comfleet, idOrName, signal);
  return show(context, await step(comfleet.workers, id, { signal }));
}

function show(context: CommandContext, worker: Worker): number {
  context.show(worker, () => formatWorkers([worker], context.texts));
  return EXIT.ok;
}
