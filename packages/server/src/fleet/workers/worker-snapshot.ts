import type { ComfyHttp, ComfySocket } from '@comfleet/comfyui';
import type { Id, IdKind, WorkerGroup, WorkerId, WorkerSource } from '@comfleet/contract';
import type { HealthResult } from './health-state.ts';
import type { Inventory } from './inventory.ts';

/** WORKER_STATES of the contract, without `busy`, which depends on load. */
export type FleetState = 'online' | 'offline' | 'error' | 'maintenance' | 'draining';

/** Whether it answers, whatever people decided about it; `unknown` until it was asked. */
export type HealthKind = 'unknown' | 'online' | 'offline' | 'error';

/** One worker as placement and pages see it; a copy, never live. */
export interface WorkerSnapshot {
  readonly id: WorkerId;
  readonly name: string;
  readonly url: string;
  readonly source: WorkerSource;
  readonly state: FleetState;
  readonly health: HealthKind;
  /** Cause of the last change of state. */
  readonly reason: string | null;
  readonly maxConcurrent: number;
  readonly capabilities: readonly string[];
  readonly labels: readonly string[];
  readonly group: WorkerGroup;
  /** Share of tasks for the strategy `weighted`, relative to the others. */
  readonly weight: number;
  /** 1 to 10, 10 is preferred first. */
  readonly priority: number;
  readonly enabled: boolean;
  /** Takes nothing new: drained, or leaving. */
  readonly draining: boolean;
  /** On its way out of the fleet. */
  readonly leaving: boolean;
  readonly discoveredBy: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** The last known one, also while the worker is offline. */
  readonly inventory: Inventory | null;
  readonly simulated: boolean;
  /** Wall time of the last good answer, of this run or an earlier one. */
  readonly lastSeenMs: number | null;
  readonly latencyMs: number | null;
  readonly socketState: 'connected' | 'connecting' | 'closed';
  readonly maxUploadBytes: number | null;
}

/** A worker with its connections. It stays the same object while its address does. */
export interface ConnectedWorker {
  readonly id: WorkerId;
  readonly name: string;
  readonly url: string;
  readonly http: ComfyHttp;
  /** The one socket of this worker, always drained. */
  readonly socket: ComfySocket;
  snapshot(): WorkerSnapshot;
  /** Asks object_info and model lists again. Throws ComfyError when the worker does not answer. */
  refreshInventory(): Promise<void>;
  /** One health check now; joins one that is under way. Never throws. */
  checkNow(): Promise<HealthResult>;
  /** A hint that something went wrong (a refused submission): the next check runs at once. */
  suspect(): void;
}

export type WorkerChangeType =
  | 'worker.added'
  | 'worker.online'
  | 'worker.offline'
  | 'worker.changed'
  | 'worker.removed'
  | 'worker.inventory';

/** Something that happened to a worker; the cause is a sentence for people. */
export interface WorkerChange {
  readonly type: WorkerChangeType;
  readonly workerId: WorkerId;
  readonly cause: string;
}

export type CreateId = <K extends IdKind>() => Id<K>;
