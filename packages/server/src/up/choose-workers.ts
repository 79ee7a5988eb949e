import { ComfyHttp, createNodeTransport } from '@comfleet/comfyui/node';
import type { WorkerId } from '@comfleet/contract';
import type { App } from '../app/app.ts';
import { describeHealth } from '../fleet/workers/health/health-result.ts';
import type { ConnectedWorker } from '../fleet/workers/registry.ts';
import { every } from '../platform/lifecycle/every.ts';
import type { Scope } from '../platform/lifecycle/scope.ts';
import { silentLogger } from '../platform/logging/logger.ts';
import { systemClock } from '../platform/time/clock.ts';
import { createSayStart } from './say-start.ts';
import type { UpOptions } from './up-options.ts';

/**
 * Chooses the workers of this start: those of the options and the file, a ComfyUI that it starts itself, one found on this
 * machine, or, without any of these, simulated ones. Prints the choice each time.
 */
export async function chooseWorkers(scope: Scope, app: App, options: UpOptions): Promise<void> {
  const say = createSayStart(options.language);
  for (const url of options.workers) {
    const worker = await app.fleet.add({ name: new URL(url).host, url, source: 'config' });
    options.print(say('start.added_worker', { url }));
    if (await describeReachability(worker, options)) await waitUntilKnown(app, worker.id);
  }
  const folder = options.comfyuiDir ?? app.config.instances.repoPath ?? undefined;
  if (folder !== undefined) await startComfyui(app, options, folder);
  // A ComfyUI that an earlier start left behind and that is no longer configured.
  await app.instances.stopUnclaimed();
  if (folder !== undefined) return;
  await Promise.all(
    app.config.workers.map(async ({ url }) => {
      options.print(say('start.added_worker', { url }));
      const worker = app.fleet.findByUrl(url);
      if (worker) await describeReachability(worker, options);
    }),
  );
  if (options.workers.length > 0 || app.config.workers.length > 0) return;
  if (await findLocalComfyui(scope, app, options)) return;
  if (options.simulated) await startSimulated(scope, app, options);
}

/** A worker that does not respond is kept and retried forever; this message is its only sign on screen. */
async function describeReachability(
  worker: Pick<ConnectedWorker, 'checkNow' | 'snapshot'>,
  { language, print }: UpOptions,
): Promise<boolean> {
  const result = await worker.checkNow();
  if (result.kind === 'ok') return true;
  const params = { url: worker.snapshot().url, answer: describeHealth(result) };
  print(createSayStart(language)('start.worker_silent', params));
  return false;
}

async function startComfyui(app: App, options: UpOptions, folder: string): Promise<void> {
  const say = createSayStart(options.language);
  options.print(say('start.starting_comfyui', { folder }));
  const { python, extraArgs, listen } = app.config.instances;
  const started = await app.instances.start({
    name: 'comfyui',
    folder,
    interpreter: python,
    listen,
    extraArgs: [...extraArgs, ...(options.comfyuiArgs ?? [])],
  });
  const ready = await app.instances.whenReady(started.id);
  const worker = app.fleet.list().find((one) => one.source === 'instance');
  if (worker) await waitUntilKnown(app, worker.id);
  options.print(
    say('start.comfyui_ready', {
      url: worker?.url ?? ready.name,
      version: app.fleet.find(worker?.id ?? '')?.snapshot().inventory?.version ?? '',
    }),
  );
}

const PROBE_TIMEOUT_MS = 1000;

/** A ComfyUI at the usual address becomes a worker; any other server there does not. */
async function findLocalComfyui(scope: Scope, app: App, options: UpOptions): Promise<boolean> {
  const { url } = app.config.comfyui;
  if (!(await isComfyui(url, scope.signal))) return false;
  const worker = await app.fleet.add({ name: 'comfyui', url, source: 'discovered' });
  options.print(createSayStart(options.language)('start.found_worker', { url }));
  await waitUntilKnown(app, worker.id);
  return true;
}

async function isComfyui(url: string, signal: AbortSignal): Promise<boolean> {
  const transport = createNodeTransport();
  try {
    const http = new ComfyHttp({ baseUrl: url, transport });
    const stats = await http.loadSystemStats({ signal, timeoutMs: PROBE_TIMEOUT_MS });
    return stats.comfyuiVersion !== null;
  } catch {
    // No server there: normal on a machine without ComfyUI.
    return false;
  } finally {
    await transport.close();
  }
}

async function startSimulated(scope: Scope, app: App, options: UpOptions): Promise<void> {
  const { simulated, command = 'comfleet up' } = options;
  if (!simulated) return;
  options.print(createSayStart(options.language)('start.simulated', { count: simulated.count, command }));
  const ids: WorkerId[] = [];
  for (let number = 1; number <= simulated.count; number += 1) {
    const simulator = await simulated.module.openSimulator({
      port: 0,
      stepMs: 60,
      previewMethod: 'latent2rgb',
    });
    scope.add(`simulator ${number}`, () => simulator.close());
    const worker = await app.fleet.add({
      name: `simulated-${number}`,
      url: simulator.url,
      source: 'simulated',
    });
    ids.push(worker.id);
  }
  for (const id of ids) await waitUntilKnown(app, id);
  watchForReal(scope, app, ids);
}

/** Simulated workers of an earlier start no longer exist; their rows must not look like a fleet. */
function watchForReal(scope: Scope, app: App, ids: readonly WorkerId[]): void {
  every(
    scope,
    { name: 'simulated workers', intervalMs: 5000, clock: systemClock, logger: silentLogger },
    async () => {
      const strangers = app.fleet
        .list()
        .filter((worker) => worker.source === 'simulated' && !ids.includes(worker.id));
      for (const worker of strangers) await app.fleet.remove(worker.id);
    },
  );
}

/** Resolves once a worker is online with its inventory, or after half a minute. */
async function waitUntilKnown(app: App, id: WorkerId): Promise<void> {
  const isKnown = () => {
    const snapshot = app.fleet.find(id)?.snapshot();
    return !snapshot || (snapshot.state === 'online' && snapshot.inventory !== null);
  };
  if (isKnown()) return;
  await new Promise<void>((resolve) => {
    const cancel = systemClock.setTimer(30_000, finish);
    const unsubscribe = app.fleet.onChange(() => {
      if (isKnown()) finish();
    });
    function finish() {
      cancel();
      unsubscribe();
      resolve();
    }
  });
}
