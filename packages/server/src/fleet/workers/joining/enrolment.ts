import type { HttpTransport } from '@comfleet/comfyui';
import { plainText, type RemoveMode, type WorkerId } from '@comfleet/contract';
import { type FleetText, toFleetSentence } from '@comfleet/contract/texts/fleet';
import { AppError } from '../../../platform/errors/app-error.ts';
import type { Clock } from '../../../platform/time/clock.ts';
import { checkHealth } from '../health/check-health.ts';
import { describeHealth } from '../health/health-result.ts';
import { VERSION_FLOOR } from '../identity/comfyui-version.ts';
import type { ConnectedWorker, WorkerRegistry, WorkerSnapshot } from '../registry.ts';
import { openTransport } from '../worker-access.ts';
import {
  type CompiledWorkerSpec,
  compileWorkerSpec,
  normalizeWorkerUrl,
  type WorkerSettings,
  type WorkerSpec,
} from '../worker-spec.ts';

export interface EnrolmentDeps {
  registry: WorkerRegistry;
  transport: HttpTransport;
  clock: Clock;
  /** Prompts of ours on a worker, those under way included. */
  loads: () => Promise<ReadonlyMap<WorkerId, number>>;
  /** The YAML file that owns workers; null without one. */
  configFile: () => string | null;
  signal: AbortSignal;
}

/** A busy Python answers late; a user who registers waits. */
const CHECK_TIMEOUT_MS = 10_000;

/** How workers join, change and leave on somebody's word; who owns one decides what may be done to it. */
export class Enrolment {
  readonly #deps: EnrolmentDeps;

  constructor(deps: EnrolmentDeps) {
    this.#deps = deps;
  }

  /**
   * Takes a worker in once it was seen to answer as ComfyUI (ND5). Throws INVALID_REQUEST for its address, CONFLICT for a
   * name or address that another has, WORKER_UNREACHABLE with what went wrong.
   */
  async register(spec: WorkerSpec): Promise<ConnectedWorker> {
    const { registry } = this.#deps;
    const url = normalizeWorkerUrl(spec.url);
    if (url === null) {
      const message = 'expected http://host:port without query or credentials';
      throw new AppError('INVALID_REQUEST', { in: 'body', problems: [{ path: 'url', message }] });
    }
    const named = registry.findByName(spec.name);
    if (named && spec.source !== 'discovered') throw taken('name', named);
    const addressed = registry.findByUrl(url);
    if (addressed && addressed.name !== spec.name) throw taken('url', addressed);
    await this.#requireHealthy(compileWorkerSpec({ ...spec, url }));
    return registry.add({ ...spec, url });
  }

  /** Changes settings of a worker that is not the file's or a process's. Throws WORKER_NOT_FOUND, CONFLICT. */
  async change(id: string, changes: WorkerSettings): Promise<void> {
    this.#loadFree(id);
    await this.#deps.registry.change(id, changes);
  }

  /**
   * Takes a worker out. `wait`: it drains and goes when nothing of ours is on it; `move`: it goes now and its tasks move
   * to others (ND6). Answers whether it is gone. Throws WORKER_NOT_FOUND, CONFLICT.
   */
  async remove(id: string, mode: RemoveMode): Promise<boolean> {
    const worker = this.#loadFree(id);
    return this.leave(worker.id, mode, plainText('worker.deleted'));
  }

  /** The same for its owner. */
  async leave(id: WorkerId, mode: RemoveMode, reason: FleetText): Promise<boolean> {
    const { registry, loads } = this.#deps;
    if (mode === 'wait') {
      // Drained first: no claim slips in between the count and the removal.
      await registry.depart(id, { reason });
      if (((await loads()).get(id) ?? 0) > 0) return false;
    }
    await registry.remove(id, reason);
    return true;
  }

  async #requireHealthy(spec: CompiledWorkerSpec): Promise<void> {
    const { transport, clock, signal } = this.#deps;
    const { url } = spec;
    const { result } = await checkHealth({
      transport: openTransport(transport, () => spec),
      clock,
      url,
      timeoutMs: CHECK_TIMEOUT_MS,
      versionFloor: VERSION_FLOOR,
      marker: null,
      hasLogin: spec.auth !== null,
      signal,
    });
    if (result.kind === 'ok') return;
    throw new AppError('WORKER_UNREACHABLE', { url, reason: toFleetSentence(describeHealth(result)) });
  }

  /** A worker that may be changed and removed here. */
  #loadFree(id: string): WorkerSnapshot {
    const worker = this.#deps.registry.find(id)?.snapshot();
    if (!worker) throw new AppError('WORKER_NOT_FOUND', { worker_id: id });
    const owner = describeOwner(worker, this.#deps.configFile());
    if (owner === null) return worker;
    throw new AppError('CONFLICT', {
      worker: worker.name,
      owned_by: owner,
      advice: 'change it there; drain, maintenance and enabled can be set here',
    });
  }
}

/** Who alone may change and remove a worker; null when the API may. */
function describeOwner({ source }: WorkerSnapshot, configFile: string | null): string | null {
  switch (source) {
    case 'config':
      return configFile ?? 'the environment or command line of the server';
    case 'instance':
      return 'the ComfyUI process that the server started';
    case 'simulated':
      return 'this start of the server, as nothing real was there';
    case 'api':
    case 'discovered':
      return null;
    default: {
      const unknownSource: never = source;
      return unknownSource;
    }
  }
}

function taken(field: 'name' | 'url', { name, url }: ConnectedWorker): AppError {
  return new AppError('CONFLICT', { field, in_use_by: { name, url } });
}
