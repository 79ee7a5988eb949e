import type { HttpTransport } from '@comfleet/comfyui';
import { plainText, type RemoveMode, type WorkerId } from '@comfleet/contract';
import { type FleetText, toFleetSentence } from '@comfleet/contract/texts/fleet';
import { type TaskText, toTaskSentence } from '@comfleet/contract/texts/tasks';
import { AppError } from '../../../platform/errors/app-error.ts';
import { requestProblem } from '../../../platform/http/request-problem.ts';
import type { Clock } from '../../../platform/time/clock.ts';
import { checkHealth } from '../health/check-health.ts';
import { describeHealth } from '../health/health-result.ts';
import { VERSION_FLOOR } from '../identity/comfyui-version.ts';
import type { ConnectedWorker, WorkerRegistry, WorkerSnapshot } from '../registry.ts';
import { isReservedAddress } from '../reserved-address.ts';
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
  /** Our prompts on each worker, including claims in progress. */
  loads: () => Promise<ReadonlyMap<WorkerId, number>>;
  /** The YAML file that defines workers; null without one. */
  configFile: () => string | null;
  signal: AbortSignal;
}

/** Generous, because a busy Python answers late and the user can wait. */
const CHECK_TIMEOUT_MS = 10_000;

/** Adds, changes and removes workers on request; the owner of a worker decides what is allowed. */
export class Enrolment {
  readonly #deps: EnrolmentDeps;

  constructor(deps: EnrolmentDeps) {
    this.#deps = deps;
  }

  /**
   * Adds a worker once it answers as ComfyUI (ND5). Throws INVALID_REQUEST for its address, CONFLICT for a name or address in
   * use, and WORKER_UNREACHABLE with the cause.
   */
  async register(spec: WorkerSpec): Promise<ConnectedWorker> {
    const { registry } = this.#deps;
    const url = normalizeWorkerUrl(spec.url);
    if (url === null || isReservedAddress(url)) {
      const text = plainText(url === null ? 'value.worker_url' : 'value.reserved_address');
      throw new AppError('INVALID_REQUEST', { in: 'body', problems: [requestProblem('url', text)] });
    }
    const named = registry.findByName(spec.name);
    if (named && spec.source !== 'discovered') throw taken('name', named);
    const addressed = registry.findByUrl(url);
    if (addressed && addressed.name !== spec.name) throw taken('url', addressed);
    await this.#requireHealthy(compileWorkerSpec({ ...spec, url }));
    return registry.add({ ...spec, url });
  }

  /** Changes settings of a worker that is not owned by the file or an instance. Throws WORKER_NOT_FOUND, CONFLICT. */
  async change(id: string, changes: WorkerSettings): Promise<void> {
    this.#loadFree(id);
    await this.#deps.registry.change(id, changes);
  }

  /**
   * Removes a worker. `wait`: it drains, and leaves once it has no prompts of ours. `move`: it leaves now, and its tasks move to
   * others (ND6). Returns whether it is gone. Throws WORKER_NOT_FOUND, CONFLICT.
   */
  async remove(id: string, mode: RemoveMode): Promise<boolean> {
    const worker = this.#loadFree(id);
    return this.leave(worker.id, mode, plainText('worker.deleted'));
  }

  /** The same for the owner of the worker. */
  async leave(id: WorkerId, mode: RemoveMode, reason: FleetText): Promise<boolean> {
    const { registry, loads } = this.#deps;
    if (mode === 'wait') {
      // Drained first, so that no claim can happen between the count and the removal.
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
    const text = describeHealth(result);
    throw new AppError('WORKER_UNREACHABLE', { url, reason: toFleetSentence(text), message_text: text });
  }

  /** Finds a worker that may be changed and removed here. */
  #loadFree(id: string): WorkerSnapshot {
    const worker = this.#deps.registry.find(id)?.snapshot();
    if (!worker) throw new AppError('WORKER_NOT_FOUND', { worker_id: id });
    const owner = describeOwner(worker, this.#deps.configFile());
    if (owner === null) return worker;
    throw new AppError('CONFLICT', {
      worker: worker.name,
      owned_by: toTaskSentence(owner),
      message_text: { code: 'reason.owned', params: { worker: worker.name, owner } },
    });
  }
}

/** The owner that alone may change and remove a worker; null when the API may. */
function describeOwner({ source }: WorkerSnapshot, configFile: string | null): TaskText | null {
  switch (source) {
    case 'config':
      return configFile === null
        ? plainText('owner.start')
        : { code: 'owner.file', params: { file: configFile } };
    case 'instance':
      return plainText('owner.instance');
    case 'simulated':
      return plainText('owner.simulated');
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
  return new AppError('CONFLICT', {
    field,
    in_use_by: { name, url },
    message_text: { code: 'reason.in_use', params: { name, url } },
  });
}
