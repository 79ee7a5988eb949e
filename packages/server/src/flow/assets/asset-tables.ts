import type { AssetId, AttemptId, PrincipalId, ProjectId, TaskId } from '@comfleet/contract';

export interface BlobRow {
  /** blake3 hex. */
  hash: string;
  size_bytes: number;
  created_at: number;
}

export interface AssetRow {
  id: AssetId;
  owner_id: PrincipalId;
  /** Of the producing task; null for uploads. */
  project_id: ProjectId | null;
  /** The producing task; null for uploads. */
  task_id: TaskId | null;
  attempt_id: AttemptId | null;
  node_id: string | null;
  /** Order among a task's results; 0 for uploads. */
  output_index: number;
  /** `upload` or an output kind. */
  kind: string;
  name: string;
  content_type: string;
  size_bytes: number;
  blob_hash: string;
  /** Path given by comfy-v2 or a request, and the path of the readable copy below output_dir. */
  file_path: string | null;
  width: number | null;
  height: number | null;
  tags: string | null;
  created_at: number;
  expires_at: number | null;
  deleted_at: number | null;
}

/** Tables of files: bytes by their hash, and named assets. */
export interface AssetTables {
  blob: BlobRow;
  asset: AssetRow;
}
