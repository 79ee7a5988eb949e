import type { InstanceId, WorkerId } from '@comfleet/contract';
import { type FleetReason, toReasonSentence } from '@comfleet/contract/texts/fleet';
import type { RunningProcess } from '../../platform/process/running-process.ts';
import { toWorkerUrl } from '../workers/worker-spec.ts';
import type { InstanceRecord } from './instance-records.ts';
import type { InstanceState } from './instance-state.ts';

/** A copy of one instance, for pages. */
export interface InstanceSnapshot {
  readonly id: InstanceId;
  readonly name: string;
  readonly folder: string;
  readonly url: string;
  readonly port: number;
  readonly pid: number | null;
  readonly state: InstanceState['kind'];
  /** Why it is not running: for logs, and as a text. */
  readonly reason: string | null;
  readonly reasonText: FleetReason | null;
  /** Ms until the next automatic start. */
  readonly retryInMs: number | null;
  readonly workerId: WorkerId | null;
  /** Automatic restarts since the instance exists. */
  readonly restarts: number;
  readonly adopted: boolean;
  readonly logPath: string;
}

export interface InstanceFacts {
  record: InstanceRecord;
  state: InstanceState;
  running: RunningProcess | null;
  listen: string;
  logPath: string;
  /** Monotonic. */
  nowMs: number;
}

/** Creates the copy for pages. */
export function toInstanceSnapshot({
  record,
  state,
  running,
  listen,
  logPath,
  nowMs,
}: InstanceFacts): InstanceSnapshot {
  const { id, name, folder, port, workerId, restarts } = record;
  const reason = 'reason' in state ? state.reason : null;
  const isResting = state.kind === 'waiting' || state.kind === 'crash_looping';
  return {
    id,
    name,
    folder,
    url: toWorkerUrl(listen, port),
    port,
    pid: running?.pid ?? null,
    state: state.kind,
    reason: reason === null ? null : toReasonSentence(reason),
    reasonText: reason,
    retryInMs: isResting ? Math.max(0, state.retryAtMs - nowMs) : null,
    workerId,
    restarts,
    adopted: running?.adopted ?? false,
    logPath,
  };
}
