import type { Parameter, Placement, Result, Task, Workflow } from '@comfleet/contract';

/** A task as the server would answer it; what a test is about is given. */
export function sampleTask(fields: Partial<Task> = {}): Task {
  return {
    task_id: 'task-1',
    status: 'queued',
    message: 'Waiting.',
    task_type: 'text_to_image',
    name: null,
    workflow_name: 'sd_basic',
    workflow_version: 'v1',
    parameters: { prompt: 'a boat', width: 512, height: 512 },
    seed: '7',
    priority: 5,
    owner_id: 'me',
    project_id: null,
    batch_id: null,
    batch_index: null,
    worker_id: null,
    worker_name: null,
    prompt_id: null,
    attempt_count: 0,
    held_reason: null,
    due_at: null,
    queue_position: 0,
    estimated_time: null,
    estimated_start: null,
    estimated_end: null,
    progress: null,
    cancel_requested_at: null,
    created_at: '2026-01-01T10:00:00.000Z',
    started_at: null,
    completed_at: null,
    duration_seconds: null,
    timeout_seconds: 900,
    results: [],
    error: null,
    ...fields,
  };
}

export function sampleProgress(value: number, step: number) {
  return {
    value,
    nodes_done: 3,
    nodes_total: 7,
    nodes_cached: 0,
    current_node: '3',
    current_node_class: 'KSampler',
    step,
    steps: 20,
    available: true,
  };
}

export function sampleResult(fields: Partial<Result> = {}): Result {
  return {
    index: 0,
    asset_id: 'asset-1',
    node_id: '9',
    name: 'boat.png',
    kind: 'image',
    content_type: 'image/png',
    size_bytes: 2048,
    hash: 'blake3:00',
    url: '/api/fleet/assets/asset-1/content?signature=a',
    text: null,
    ...fields,
  };
}

export function sampleParameter(fields: Partial<Parameter> = {}): Parameter {
  return {
    name: 'steps',
    node_id: '3',
    input_name: 'steps',
    data_type: 'int',
    description: null,
    label: null,
    required: false,
    default_value: 20,
    min: 1,
    max: 100,
    multiple_of: null,
    max_length: null,
    options: null,
    derived: false,
    ...fields,
  };
}

const NO_LIMITS = { min: null, max: null } as const;

/** Text to image with a prompt, a size, a seed and steps. */
export function sampleWorkflow(fields: Partial<Workflow> = {}): Workflow {
  return {
    name: 'sd_basic',
    title: { en: 'Text to image', zh: '文生图' },
    version: '1.0',
    version_id: 'v1',
    task_type: 'text_to_image',
    description: 'One picture from a text.',
    is_default: true,
    enabled: true,
    parameters: [
      sampleParameter({
        ...NO_LIMITS,
        name: 'prompt',
        data_type: 'string',
        required: true,
        default_value: '',
        max_length: 2000,
        label: { en: 'Prompt', zh: '提示词' },
      }),
      sampleParameter({
        ...NO_LIMITS,
        name: 'negative_prompt',
        data_type: 'string',
        default_value: '',
        max_length: 2000,
      }),
      sampleParameter({ name: 'width', default_value: 512, min: 64, max: 2048, multiple_of: 64 }),
      sampleParameter({ name: 'height', default_value: 512, min: 64, max: 2048, multiple_of: 64 }),
      sampleParameter({ ...NO_LIMITS, name: 'seed', data_type: 'seed', default_value: -1 }),
      sampleParameter(),
    ],
    presets: { resolutions: { square: { width: 512, height: 512 }, portrait: { width: 512, height: 768 } } },
    available: true,
    missing: [],
    ...fields,
  };
}

/** A workflow that turns one picture into another. */
export function sampleImageWorkflow(): Workflow {
  const image = sampleParameter({
    ...NO_LIMITS,
    name: 'image',
    data_type: 'image',
    required: true,
    default_value: null,
  });
  return sampleWorkflow({
    name: 'invert',
    title: { en: 'Invert', zh: '反色' },
    is_default: false,
    parameters: [image],
    presets: null,
  });
}

type WaitedFor = NonNullable<Placement['waiting']>['workers'][number];

/** A task that waits for these workers; what a test is about is given. */
export function samplePlacement(...workers: Partial<WaitedFor>[]): Placement {
  const worker = { worker_id: 'w', name: 'gpu', load: 0, slots: 0, hot: true, reason: null, missing: null };
  return {
    task_id: 'task-1',
    status: 'queued',
    message: 'Waiting.',
    waiting: {
      held_reason: null,
      queue_position: 0,
      task_type_full: false,
      full: null,
      overtaken: 0,
      overtaken_limit: 24,
      passed_seconds: null,
      workers: workers.map((fields) => ({ ...worker, ...fields })),
    },
    placed: null,
  };
}
