import type { WorkerId } from '@comfleet/contract';
import type { StoredTextTables } from '../../platform/database/stored-text-tables.ts';

export interface WorkerRow {
  id: WorkerId;
  name: string;
  url: string;
  source: string;
  max_concurrent: number;
  /** JSON: labels, weight …, overrides of run time; see WorkerRecords. */
  settings: string;
  /** JSON: last known inventory (version, devices, models); object_info is stored separately. */
  inventory: string | null;
  object_info_hash: string | null;
  maintenance: number;
  created_at: number;
  seen_at: number | null;
  /** When it was removed from the fleet; the row stays, because attempts refer to it. */
  removed_at: number | null;
}

/** Something that happened to a worker; the id is a UUIDv7, so that ids sort by time. */
export interface WorkerEventRow {
  id: string;
  worker_id: WorkerId;
  type: string;
  at: number;
  /** A sentence for users. */
  cause: string;
  /** JSON. */
  details: string | null;
  duration_ms: number | null;
}

/** The ComfyUI that first answered at a worker's address; another one is not used until a user accepts it. */
export interface WorkerIdentityRow {
  worker_id: WorkerId;
  url: string;
  /** JSON of script and folders from its command line. */
  identity: string;
  seen_at: number;
}

/** The records of workers. */
export interface WorkerTables extends StoredTextTables {
  worker: WorkerRow;
  worker_event: WorkerEventRow;
  worker_identity: WorkerIdentityRow;
}
