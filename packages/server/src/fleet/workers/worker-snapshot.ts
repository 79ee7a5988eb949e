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
  /** Checks found twice that no process listens there, however often it may still fail before it counts as offline. */
  readonly isPortClosed: boolean;
  /** Cause of the last change of state. */
  readonly reason: FleetText | null;
  readonly maxConcurrent: number;
  /** Prompts placement may have there now: 0 unless online and beyond doubt, 1 after a return, then growing to `maxConcurrent`. */
  readonly slots: number;
  readonly capabilities: readonly string[];
  readonly labels: readonly string[];
  readonly group: WorkerGroup;
  /** Share of tasks for the strategy `weighted`, relative to the others. */
  readonly weight: number;
  /** 1 to 10, 10 is preferred first. */
  readonly priority: number;
  readonly enabled: boolean;
  readonly access: AccessSummary;
  /** Gets no new tasks: drained, leaving, or the same ComfyUI as a worker before it. */
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
  /** A moving mean. */
  readonly latencyMs: number | null;
  /** As the last good check told them, with the memory that was free then; the inventory's before the first one. */
  readonly devices: readonly Readonly<Record<string, unknown>>[];
  /** Of the first device, at the last good check; null when it does not say. */
  readonly vramFreeBytes: number | null;
  /** What is done about it; null while it is well. */
  readonly recovery: RecoverySnapshot | null;
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
  /** The last known one; null when it never answered. */
  readonly inventory: WorkerSnapshot['inventory'];
  snapshot(): WorkerSnapshot;
  /** Asks object_info and model lists again. Throws ComfyError when the worker does not answer. */
  refreshInventory(): Promise<void>;
  /** One health check now; joins one that is under way. Never throws. */
  checkNow(): Promise<HealthResult>;
  /** A hint that something went wrong (a refused submission): it gets nothing new before the next check, which runs at once. Failing calls of `http` give it by themselves. */
  markSuspect(): void;
  /** It brought a prompt of ours to its end: one that has come back is trusted with more by it. */
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

/** Something that happened to a worker, with its cause for people. */
export interface WorkerChange {
  readonly type: WorkerChangeType;
  readonly workerId: WorkerId;
  readonly cause: FleetText;
  readonly details?: Readonly<Record<string, unknown>>;
  /** Of what ended with it: the time without service, a load of the inventory. */
  readonly durationMs?: number;
}

/** Facts that belong to a change. */
export type ChangeFacts = Pick<WorkerChange, 'details' | 'durationMs'>;

export type CreateId = <K extends IdKind>() => Id<K>;
