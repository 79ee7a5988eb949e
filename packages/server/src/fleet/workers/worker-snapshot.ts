import type { ComfyHttp, ComfySocket } from '@comfleet/comfyui';
import type { Id, IdKind, WorkerGroup, WorkerId, WorkerSource } from '@comfleet/contract';
import type { FleetText } from '@comfleet/contract/texts/fleet';
import type { FleetState, HealthKind } from './admin-overrides.ts';
import type { HealthResult } from './health/health-result.ts';
import type { RecoverySnapshot } from './health/recovery.ts';
import type { Inventory } from './inventory/inventory.ts';
import type { AccessSummary } from './worker-access.ts';

export type { HealthKind } from './admin-overrides.ts';

/** One worker as placement and pages see it; a copy, never live. */
export interface WorkerSnapshot {
  readonly id: WorkerId;
  readonly name: string;
  readonly url: string;
  readonly source: WorkerSource;
  readonly state: FleetState;
  readonly health: HealthKind;
  /** True once two checks were refused, so that no process listens there, even if it does not count as offline yet. */
  readonly isPortClosed: boolean;
  /** Cause of the last state change. */
  readonly reason: FleetText | null;
  readonly maxConcurrent: number;
  /** How many prompts it may have now: 0 unless online and not suspect; 1 after a return, then growing to `maxConcurrent`. */
  readonly slots: number;
  readonly capabilities: readonly string[];
  readonly labels: readonly string[];
  readonly group: WorkerGroup;
  /** For the strategy `weighted`: relative share of tasks. */
  readonly weight: number;
  /** 1 to 10; 10 is preferred. */
  readonly priority: number;
  readonly enabled: boolean;
  readonly access: AccessSummary;
  /** Accepts no new tasks: draining, leaving, or the same ComfyUI as another worker. */
  readonly draining: boolean;
  /** Will be removed from the fleet. */
  readonly leaving: boolean;
  readonly discoveredBy: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** The last known inventory, even while the worker is offline. */
  readonly inventory: Inventory | null;
  readonly simulated: boolean;
  /** Wall-clock time of the last good answer, of this run or an earlier one. */
  readonly lastSeenMs: number | null;
  /** Moving average. */
  readonly latencyMs: number | null;
  /** Devices by the last good check, with their free memory; those of the inventory before the first one. */
  readonly devices: readonly Readonly<Record<string, unknown>>[];
  /** Free memory of the first device at the last good check; null when not reported. */
  readonly vramFreeBytes: number | null;
  /** What is being done about it; null while it is healthy. */
  readonly recovery: RecoverySnapshot | null;
  readonly socketState: 'connected' | 'connecting' | 'closed';
  readonly maxUploadBytes: number | null;
}

/** A worker with its connections; the same object as long as its address stays the same. */
export interface ConnectedWorker {
  readonly id: WorkerId;
  readonly name: string;
  readonly url: string;
  readonly http: ComfyHttp;
  /** The only socket to this worker; it is always read. */
  readonly socket: ComfySocket;
  /** The last known inventory; null when it never answered. */
  readonly inventory: WorkerSnapshot['inventory'];
  snapshot(): WorkerSnapshot;
  /** Loads object_info and model lists again. Throws ComfyError when the worker does not answer. */
  refreshInventory(): Promise<void>;
  /** Runs a health check now, or joins one in progress. Never throws. */
  checkNow(): Promise<HealthResult>;
  /** Hints at a fault: no new tasks until the next check, which runs at once. Failed calls of `http` do the same. */
  markSuspect(): void;
  /** Records a finished prompt of ours: a worker that has returned gets more slots for it. */
  recordServed(): void;
}

export type WorkerChangeType =
  | 'worker.added'
  | 'worker.online'
  | 'worker.offline'
  | 'worker.error'
  | 'worker.ejected'
  | 'worker.recovery'
  | 'worker.restart_requested'
  | 'worker.identity'
  | 'worker.maintenance'
  | 'worker.socket'
  | 'worker.changed'
  | 'worker.removed'
  | 'worker.inventory';

/** Something that happened to a worker, with its cause for users. */
export interface WorkerChange {
  readonly type: WorkerChangeType;
  readonly workerId: WorkerId;
  readonly cause: FleetText;
  readonly details?: Readonly<Record<string, unknown>>;
  /** Duration of what ended with it: an outage, or a load of the inventory. */
  readonly durationMs?: number;
}

/** Additional facts of a change. */
export type ChangeFacts = Pick<WorkerChange, 'details' | 'durationMs'>;

export type CreateId = <K extends IdKind>() => Id<K>;
