import type { AssetRow } from '../../src/flow/assets/asset-tables.ts';
import type { AttemptRow, TaskRow } from '../../src/flow/tasks/task-tables.ts';
import { named } from './named.ts';

const START = Date.UTC(2026, 0, 1);

/** A task waiting in a lane; a test overrides what matters to it. */
export function createTaskRow(changes: Partial<TaskRow> = {}): TaskRow {
  return {
    id: named('01890000-0000-7000-8000-00000000000a'),
    owner_id: named('01890000-0000-7000-8000-0000000000f1'),
    project_id: null,
    state: 'queued',
    version: 2,
    epoch: 0,
    priority: 5,
    accepted_seq: 1,
    task_type: 'custom',
    name: null,
    workflow_version_id: null,
    workflow_name: null,
    workflow_label: null,
    graph_hash: 'graph',
    parameters: '{}',
    seed: null,
    requirements: '{"models":[]}',
    lane: 'lane',
    batch_id: null,
    batch_index: null,
    held_reason: null,
    due_at: null,
    cancel_requested_at: null,
    timeout_ms: 900_000,
    max_attempts: 4,
    attempt_count: 0,
    deaths: 0,
    worker_id: null,
    prompt_id: null,
    public_prompt_id: null,
    door: 'native',
    file_name: null,
    output_path: null,
    error: null,
    put_epoch: 0,
    created_at: START,
    started_at: null,
    ended_at: null,
    ...changes,
  };
}

/** A claimed attempt of the task above. */
export function createAttemptRow(changes: Partial<AttemptRow> = {}): AttemptRow {
  return {
    id: named('01890000-0000-7000-8000-0000000000aa'),
    task_id: named('01890000-0000-7000-8000-00000000000a'),
    owner_id: named('01890000-0000-7000-8000-0000000000f1'),
    number: 1,
    epoch: 1,
    worker_id: named('worker-1'),
    prompt_id: 'prompt-1',
    socket_id: null,
    state: 'claimed',
    ending: null,
    error: null,
    created_at: START,
    submitted_at: null,
    started_at: null,
    ended_at: null,
    ...changes,
  };
}

/** The first picture of the task above. */
export function createAssetRow(changes: Partial<AssetRow> = {}): AssetRow {
  return {
    id: named('01890000-0000-7000-8000-0000000000ab'),
    owner_id: named('01890000-0000-7000-8000-0000000000f1'),
    project_id: null,
    task_id: named('01890000-0000-7000-8000-00000000000a'),
    attempt_id: named('01890000-0000-7000-8000-0000000000aa'),
    node_id: '9',
    output_index: 0,
    kind: 'image',
    name: 'picture_00001_.png',
    content_type: 'image/png',
    size_bytes: 4,
    blob_hash: 'blob',
    file_path: null,
    width: null,
    height: null,
    tags: null,
    created_at: START,
    expires_at: null,
    deleted_at: null,
    ...changes,
  };
}
