import type { Batch, PrincipalId, TaskDetail, Workflow } from '@comfleet/contract';
import { parseId } from '@comfleet/contract';
import type { AssetRecord, ContentStream } from '../../../src/flow/calls/assets/asset-calls.ts';

export const TASK_ID = '01900000-0000-7000-8000-00000000000a';
export const BATCH_ID = '01900000-0000-7000-8000-00000000000b';
export const ASSET_ID = '01900000-0000-7000-8000-00000000000c';
export const PICTURE = Buffer.from('not really a picture');

export function sampleBatch(): Batch {
  return {
    batch_id: BATCH_ID,
    project_id: null,
    name: null,
    status: 'running',
    message: '1 of 2 done.',
    priority: 5,
    counts: { total: 2, waiting: 1, running: 0, succeeded: 1, failed: 0, canceled: 0, expired: 0 },
    progress: 0.5,
    created_at: '2026-01-01T00:00:00.000Z',
    completed_at: null,
    duration_seconds: null,
    task_ids: [TASK_ID],
  };
}

export function sampleWorkflow(): Workflow {
  const parameter = {
    node_id: '2',
    input_name: 'image',
    data_type: 'image' as const,
    description: null,
    label: null,
    required: true,
    default_value: null,
    min: null,
    max: null,
    multiple_of: null,
    max_length: null,
    options: null,
    derived: false,
  };
  return {
    name: 'image_to_video_basic',
    title: { en: 'Video', zh: '视频' },
    version: '1.0',
    version_id: 'v1',
    task_type: 'image_to_video',
    description: null,
    is_default: true,
    enabled: true,
    parameters: [
      { ...parameter, name: 'image' },
      { ...parameter, name: 'duration', data_type: 'float' },
    ],
    presets: { length: { short: { duration: 2 } } },
    available: true,
    missing: [],
  };
}

/** A task of `ownerId`: succeeded if it has results, else running. */
export function sampleTask(ownerId: string, results: number): TaskDetail {
  return {
    task_id: TASK_ID,
    status: results > 0 ? 'succeeded' : 'running',
    message: 'Done.',
    task_type: 'text_to_image',
    name: 'cats',
    workflow_name: null,
    workflow_version: null,
    parameters: {},
    seed: '18446744073709551615',
    priority: 5,
    owner_id: ownerId,
    project_id: null,
    batch_id: null,
    batch_index: null,
    worker_id: null,
    worker_name: null,
    prompt_id: null,
    attempt_count: 1,
    held_reason: null,
    due_at: null,
    queue_position: null,
    estimated_time: null,
    estimated_start: null,
    estimated_end: null,
    progress: null,
    cancel_requested_at: null,
    created_at: '2026-01-01T00:00:00.000Z',
    started_at: null,
    completed_at: null,
    duration_seconds: null,
    timeout_seconds: 900,
    results: Array.from({ length: results }, (_, index) => ({
      index,
      asset_id: ASSET_ID,
      node_id: '9',
      name: `cat_${index}.png`,
      kind: 'image' as const,
      content_type: 'image/png',
      size_bytes: PICTURE.length,
      hash: `blake3:${'ab'.repeat(32)}`,
      url: '/x',
      text: null,
    })),
    error: null,
    attempts: [],
  };
}

export function sampleContent(name: string): ContentStream {
  return {
    assetId: brand<'asset'>(ASSET_ID),
    name,
    contentType: 'image/png',
    sizeBytes: PICTURE.length,
    hash: 'ab'.repeat(32),
    kind: 'image',
    createdAtMs: Date.UTC(2026, 0, 1),
    open: async function* (range) {
      yield PICTURE.subarray(range?.start ?? 0, (range?.end ?? PICTURE.length - 1) + 1);
    },
  };
}

export function sampleAsset(ownerId: PrincipalId): AssetRecord {
  return {
    id: brand<'asset'>(ASSET_ID),
    ownerId,
    taskId: null,
    nodeId: null,
    kind: 'upload',
    name: 'in.png',
    filePath: null,
    contentType: 'image/png',
    sizeBytes: PICTURE.length,
    hash: 'ab'.repeat(32),
    width: 1,
    height: 1,
    tags: [],
    createdAtMs: Date.UTC(2026, 0, 1),
    expiresAtMs: null,
  };
}

export function brand<K extends 'task' | 'asset'>(text: string) {
  const id = parseId<K>(text);
  if (id === null) throw new Error('not a UUID');
  return id;
}
