import {
  type CheckedWorker,
  type FleetFrame,
  type FleetModelPage,
  type FleetStats,
  formatTexts,
  type Language,
  type RemovedWorker,
  type RemoveMode,
  type Worker,
  type WorkerEventList,
  type WorkerId,
  type WorkerLog,
  type WorkerRecovery,
  type WorkerState,
} from '@comfleet/contract';
import { FLEET_TEXTS, toFleetSentence } from '@comfleet/contract/texts/fleet';
import type { AdminSwitch } from '../fleet/workers/admin-overrides.ts';
import { describeHealth, type HealthResult } from '../fleet/workers/health/health-result.ts';
import { adviseRecovery } from '../fleet/workers/health/recovery-advice.ts';
import type {
  Announcement,
  Announcements,
  Announcer,
} from '../fleet/workers/joining/discovery/announcements.ts';
import type { Enrolment } from '../fleet/workers/joining/enrolment.ts';
import type { WorkerEvents } from '../fleet/workers/records/worker-events.ts';
import type {
  ConnectedWorker,
  WorkerChange,
  WorkerRegistry,
  WorkerSettings,
  WorkerSnapshot,
} from '../fleet/workers/registry.ts';
import { AppError, toError } from '../platform/errors/app-error.ts';
import { listFleetModels, type ModelFilter } from './fleet-models.ts';
import { countFleet, toPercent } from './fleet-stats.ts';

/** The fleet as doors show it. Every call that names a worker throws WORKER_NOT_FOUND. */
export interface FleetView {
  list(): Promise<Worker[]>;
  load(id: string): Promise<Worker>;
  stats(): Promise<FleetStats>;
  /** Lists the model files that workers last reported. */
  listModels(
    filter: ModelFilter,
    page: { limit: number; cursor?: string | undefined },
  ): Promise<FleetModelPage>;
  /** Checks the worker now; returns it together with the result. */
  check(id: string): Promise<CheckedWorker>;
  /** Accepts the ComfyUI that now responds as the right one. */
  acceptIdentity(id: string): Promise<CheckedWorker>;
  /** Registers a worker that responds. Throws CONFLICT, WORKER_UNREACHABLE. */
  register(worker: NewWorker): Promise<Worker>;
  /** A worker registers itself. Throws as `Announcements.announce`. */
  announce(announcement: Announcement, announcer: Announcer): Promise<Worker>;
  /** Throws CONFLICT for a worker of the file or an instance. */
  change(id: string, changes: WorkerSettings): Promise<Worker>;
  remove(id: string, mode: RemoveMode): Promise<RemovedWorker>;
  /** Takes a worker out of service or back, as an admin decides. */
  override(id: string, change: AdminSwitch): Promise<Worker>;
  /** Reloads what it can run. Throws WORKER_UNREACHABLE. */
  refreshInventory(id: string): Promise<Worker>;
  /** Lists events of one worker, or of all (null), newest first. */
  listEvents(
    id: string | null,
    page: { limit: number; cursor?: string | undefined },
  ): Promise<WorkerEventList>;
  /** Sends all workers, then each that changes. Returns a function that stops this. */
  watch(show: (frame: FleetFrame) => void, onError: (error: unknown) => void): () => void;
  /** Closes the worker's socket, which then reconnects; resolves once the old one is closed. */
  reconnect(id: string): Promise<Worker>;
  /** The last lines of ComfyUI's own log, newest last. Throws WORKER_UNREACHABLE. */
  loadLogs(id: string, lines: number): Promise<WorkerLog>;
}

/** A new worker as the API accepts it. */
export type NewWorker = Announcement;

export interface FleetViewDeps {
  registry: WorkerRegistry;
  enrolment: Enrolment;
  announcements: Announcements;
  events: WorkerEvents;
  /** Number of our prompts on each worker now. */
  loads: () => Promise<ReadonlyMap<WorkerId, number>>;
}

/** Creates the registry's view in wire format. */
export function createFleetView(deps: FleetViewDeps): FleetView {
  const { registry, enrolment, announcements, events, loads } = deps;
  const load = (id: string) => {
    const worker = registry.find(id);
    if (!worker) throw new AppError('WORKER_NOT_FOUND');
    return worker;
  };
  const show = async (snapshot: WorkerSnapshot) => toWorker(snapshot, (await loads()).get(snapshot.id) ?? 0);
  const list = async () => {
    const byWorker = await loads();
    return registry.list().map((snapshot) => toWorker(snapshot, byWorker.get(snapshot.id) ?? 0));
  };
  /** Runs a step on a worker, then returns its view. */
  const after = async (id: string, step: (worker: ConnectedWorker) => Promise<unknown>) => {
    const worker = load(id);
    await step(worker);
    return show(worker.snapshot());
  };
  const checked = async (id: string, check: (worker: ConnectedWorker) => Promise<HealthResult>) => {
    const worker = load(id);
    const result = await check(worker);
    return { ...(await show(worker.snapshot())), check: toCheck(result) };
  };
  return {
    list,
    load: async (id) => show(load(id).snapshot()),
    stats: async () => countFleet(await list()),
    listModels: async (filter, page) => listFleetModels(registry.list(), filter, page),
    check: (id) => checked(id, (worker) => worker.checkNow()),
    acceptIdentity: (id) => checked(id, (worker) => registry.acceptIdentity(worker.id)),
    register: async (worker) => show((await enrolment.register({ ...worker, source: 'api' })).snapshot()),
    announce: async (announcement, announcer) =>
      show((await announcements.announce(announcement, announcer)).snapshot()),
    change: (id, changes) => after(id, () => enrolment.change(id, changes)),
    remove: async (id, mode) => {
      const { id: workerId } = load(id);
      const removed = await enrolment.remove(workerId, mode);
      return { worker_id: id, removed, waiting_for: removed ? 0 : ((await loads()).get(workerId) ?? 0) };
    },
    override: (id, change) => after(id, () => registry.override(id, change)),
    refreshInventory: (id) =>
      after(id, (worker) => worker.refreshInventory().catch((thrown: unknown) => unreachable(thrown))),
    listEvents: async (id, page) => {
      const { events: list, nextCursor } = await events.list(id === null ? null : load(id).id, page);
      return { events: list, next_cursor: nextCursor };
    },
    watch: (showFrame, onError) => {
      const frames = inTurn(showFrame, onError);
      frames.add(async () => ({ kind: 'snapshot', workers: await list() }));
      return registry.onChange((change) => {
        const snapshot = registry.find(change.workerId)?.snapshot() ?? null;
        frames.add(async () => toFrame(change, snapshot && (await show(snapshot))));
      });
    },
    reconnect: (id) => after(id, dropSocket),
    loadLogs: (id, lines) => readLogs(load(id), lines),
  };
}

/** Frames wait for their loads, and keep the order in which they were added. */
function inTurn(show: (frame: FleetFrame) => void, onError: (error: unknown) => void) {
  let last = Promise.resolve();
  return {
    add: (read: () => Promise<FleetFrame>) => {
      last = last.then(async () => show(await read())).catch(onError);
    },
  };
}

function unreachable(thrown: unknown): never {
  const error = toError(thrown);
  throw new AppError('WORKER_UNREACHABLE', { cause: error.message }, { cause: error });
}

async function readLogs(worker: ConnectedWorker, lines: number): Promise<WorkerLog> {
  const all = await worker.http.loadLogs().catch((thrown: unknown) => unreachable(thrown));
  // An entry is one write to the console, including its line break; progress bars write carriage returns.
  const found = all
    .join('')
    .split(/[\r\n]+/)
    .filter((line) => line !== '');
  return { worker_id: worker.id, name: worker.name, lines: found.slice(-lines) };
}

/** A socket that is not open is already reconnecting. */
async function dropSocket({ socket }: Pick<ConnectedWorker, 'socket'>): Promise<void> {
  if (socket.state.phase !== 'open') return;
  await new Promise<void>((resolve) => {
    const stop = socket.onState(({ phase }) => {
      if (phase === 'open') return;
      stop();
      resolve();
    });
    socket.reopen('requested');
  });
}

export function toWorker(snapshot: WorkerSnapshot, load: number): Worker {
  return {
    worker_id: snapshot.id,
    name: snapshot.name,
    url: snapshot.url,
    state: toState(snapshot, load),
    source: snapshot.source,
    load,
    max_concurrent: snapshot.maxConcurrent,
    load_percent: toPercent(load, snapshot.maxConcurrent),
    capabilities: [...snapshot.capabilities],
    labels: [...snapshot.labels],
    group: snapshot.group,
    weight: snapshot.weight,
    priority: snapshot.priority,
    enabled: snapshot.enabled,
    access: toAccess(snapshot.access),
    draining: snapshot.draining,
    discovered_by: snapshot.discoveredBy,
    metadata: { ...snapshot.metadata },
    comfyui_version: snapshot.inventory?.version ?? null,
    devices: snapshot.devices.map((device) => ({ ...device })),
    last_heartbeat: snapshot.lastSeenMs === null ? null : new Date(snapshot.lastSeenMs).toISOString(),
    reason: snapshot.reason && toFleetSentence(snapshot.reason),
    reason_text: snapshot.reason,
    socket: snapshot.socketState,
    slots: snapshot.slots,
    latency_ms: snapshot.latencyMs === null ? null : Math.round(snapshot.latencyMs * 10) / 10,
    recovery: toRecovery(snapshot.recovery),
  };
}

function toAccess({ login, headerNames, hasOwnCa, verifies }: WorkerSnapshot['access']): Worker['access'] {
  return { login, headers: [...headerNames], own_ca: hasOwnCa, verifies };
}

function toFrame({ type, workerId, cause }: WorkerChange, worker: Worker | null): FleetFrame {
  const causes = { cause: toFleetSentence(cause), cause_text: cause };
  if (worker === null) return { kind: 'removed', worker_id: workerId, ...causes };
  return { kind: 'worker', type, ...causes, worker };
}

function toCheck(result: HealthResult): CheckedWorker['check'] {
  const latencyMs = result.kind === 'ok' ? Math.round(result.latencyMs * 10) / 10 : null;
  const text = describeHealth(result);
  return { result: result.kind, latency_ms: latencyMs, message: toFleetSentence(text), message_text: text };
}

function toRecovery(recovery: WorkerSnapshot['recovery']): WorkerRecovery | null {
  if (recovery === null) return null;
  const { phase, sinceMs } = recovery;
  const texts = adviseRecovery(recovery);
  const inLanguage = (language: Language) => formatTexts(FLEET_TEXTS, language, texts);
  return {
    phase,
    since: new Date(sinceMs).toISOString(),
    advice: { en: inLanguage('en'), 'zh-CN': inLanguage('zh-CN'), 'zh-TW': inLanguage('zh-TW') },
    advice_texts: texts,
  };
}

function toState(snapshot: WorkerSnapshot, load: number): WorkerState {
  if (snapshot.state !== 'online') return snapshot.state;
  return load > 0 ? 'busy' : 'online';
}
