import type { WorkerId } from '@comfleet/contract';
import type { FleetReason } from '@comfleet/contract/texts/fleet';
import type { WorkerRegistry } from '../workers/registry.ts';
import { toWorkerUrl } from '../workers/worker-spec.ts';
import type { InstanceRecord } from './instance-records.ts';
import type { CheckedInstanceSpec } from './instance-spec.ts';

export type InstanceFleet = Pick<WorkerRegistry, 'add' | 'find' | 'remove' | 'reportGone'>;

/** The worker of an instance in the fleet, from its first answer on. */
export class InstanceWorker {
  readonly #registry: InstanceFleet;
  readonly #spec: CheckedInstanceSpec;

  constructor(registry: InstanceFleet, spec: CheckedInstanceSpec) {
    this.#registry = registry;
    this.#spec = spec;
  }

  /** Adds the worker once the process answers; a known one stays the same. It gets tasks after a health check of the fleet. */
  async join({ port, marker }: InstanceRecord): Promise<WorkerId> {
    const { name, listen, maxConcurrent } = this.#spec;
    const url = toWorkerUrl(listen, port);
    const worker = await this.#registry.add({ name, url, source: 'instance', maxConcurrent, marker });
    worker.markSuspect();
    return worker.id;
  }

  isOnline({ workerId }: InstanceRecord): boolean {
    return workerId !== null && this.#registry.find(workerId)?.snapshot().state === 'online';
  }

  /** Reports that the process has ended or is about to. */
  reportGone({ workerId }: InstanceRecord, reason: FleetReason): void {
    if (workerId !== null) this.#registry.reportGone(workerId, reason);
  }

  /** Removes the worker of an instance that is stopped for good; does nothing if it has none. */
  async leave({ workerId }: InstanceRecord): Promise<void> {
    if (workerId !== null && this.#registry.find(workerId) !== null) await this.#registry.remove(workerId);
  }
}
