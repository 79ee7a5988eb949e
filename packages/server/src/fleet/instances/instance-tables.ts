import type { InstanceId, WorkerId } from '@comfleet/contract';

export interface InstanceRow {
  id: InstanceId;
  name: string;
  folder: string;
  port: number;
  pid: number | null;
  /** When the process started, in the system's own form: clock ticks since boot on Linux. */
  start_ticks: string | null;
  boot_id: string | null;
  /** Text in the process's argv that proves it is ours. */
  marker: string;
  state: string;
  worker_id: WorkerId | null;
  restarts: number;
  /** JSON: how the last process ended, or why it could not be started. */
  last_exit: string | null;
  log_path: string | null;
  created_at: number;
  started_at: number | null;
  heartbeat_at: number | null;
}

/** The records of the ComfyUI processes that we start. */
export interface InstanceTables {
  instance: InstanceRow;
}
