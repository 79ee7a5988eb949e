import { readFileSync } from 'node:fs';
import type { Parameter, Result, StreamFrame, Task, Workflow } from '@comfleet/contract';
import { parse } from 'yaml';
import { drawPicture } from './draw-picture.ts';

const WORKFLOWS_FILE = new URL('../../../../examples/workflows/workflows.yaml', import.meta.url);
const STEPS = 20;
const STEP_MS = 220;

/** A fleet that only pretends: tasks wait, run one by one and end with a drawn picture. */
export class MockFleet {
  readonly workflows: Workflow[] = loadWorkflows();
  readonly tasks = new Map<string, Task>();
  readonly pictures = new Map<string, { type: string; body: Buffer }>();
  readonly watchers = new Set<(frame: StreamFrame) => void>();
  #running = false;
  #ids = 0;

  makeId(): string {
    this.#ids += 1;
    const time = Date.now().toString(16).padStart(12, '0');
    return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${String(this.#ids).padStart(12, '0')}`;
  }

  submit(body: Record<string, unknown>, batch: { id: string; index: number } | null): Task {
    const workflow =
      this.workflows.find((candidate) => candidate.name === body.workflow_name) ?? this.workflows[0];
    if (workflow === undefined) throw new Error('no workflows');
    const parameters = { ...(body.parameters as Record<string, unknown>) };
    const drawn = parameters.seed === -1 || parameters.seed === undefined;
    const seed = drawn ? String(Math.floor(Math.random() * 2 ** 50)) : String(parameters.seed as string);
    parameters.seed = seed;
    const task: Task = {
      ...blankTask(this.makeId(), new Date().toISOString()),
      task_type: workflow.task_type,
      workflow_name: workflow.name,
      parameters,
      seed,
      priority: (body.priority as number | undefined) ?? 5,
      batch_id: batch?.id ?? null,
      batch_index: batch?.index ?? null,
    };
    this.tasks.set(task.task_id, task);
    this.renumber();
    this.tell(task.task_id);
    void this.work();
    return task;
  }

  cancel(taskId: string): Task | undefined {
    const task = this.tasks.get(taskId);
    if (task !== undefined && !['succeeded', 'failed', 'canceled'].includes(task.status)) {
      this.change(taskId, {
        status: 'canceled',
        queue_position: null,
        completed_at: new Date().toISOString(),
        message: 'Canceled.',
      });
      this.renumber();
    }
    return this.tasks.get(taskId);
  }

  change(taskId: string, fields: Partial<Task>): void {
    const task = this.tasks.get(taskId);
    if (task === undefined) return;
    this.tasks.set(taskId, { ...task, ...fields });
    this.tell(taskId);
  }

  tell(taskId: string): void {
    const task = this.tasks.get(taskId);
    if (task !== undefined) for (const watcher of this.watchers) watcher({ kind: 'snapshot', task });
  }

  renumber(): void {
    let place = 0;
    for (const task of [...this.tasks.values()].reverse().reverse()) {
      if (task.status !== 'queued') continue;
      this.tasks.set(task.task_id, { ...task, queue_position: place });
      place += 1;
    }
  }

  async work(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    for (;;) {
      const next = [...this.tasks.values()].find((task) => task.status === 'queued');
      if (next === undefined) break;
      await this.run(next.task_id);
    }
    this.#running = false;
  }

  async run(taskId: string): Promise<void> {
    const startedAt = Date.now();
    this.change(taskId, {
      status: 'running',
      queue_position: null,
      started_at: new Date().toISOString(),
      worker_name: 'sim-1',
      worker_id: 'w1',
      attempt_count: 1,
    });
    this.renumber();
    const task = this.tasks.get(taskId);
    if (task === undefined) return;
    const width = Number(task.parameters.width ?? 512);
    const height = Number(task.parameters.height ?? 512);
    const seed = Number(BigInt(task.seed ?? '1') % 9973n);
    for (let step = 1; step <= STEPS; step += 1) {
      await new Promise((resolve) => setTimeout(resolve, STEP_MS));
      if (this.tasks.get(taskId)?.status !== 'running') return;
      const progress = {
        value: 0.1 + (step / STEPS) * 0.8,
        nodes_done: 4,
        nodes_total: 7,
        nodes_cached: 0,
        current_node: '3',
        current_node_class: 'KSampler',
        step,
        steps: STEPS,
        available: true,
      };
      this.tasks.set(taskId, { ...(this.tasks.get(taskId) ?? task), progress });
      this.send({ kind: 'progress', task_id: taskId, progress });
      const scale = 8;
      const body = drawPicture(Math.round(width / scale), Math.round(height / scale), seed, 1 - step / STEPS);
      this.send({
        kind: 'preview',
        task_id: taskId,
        preview: { node_id: '3', content_type: 'image/png', data_base64: body.toString('base64') },
      });
    }
    if (String(task.parameters.prompt ?? '').includes('fail')) {
      this.change(taskId, {
        status: 'failed',
        completed_at: new Date().toISOString(),
        message: 'The run failed.',
        error: {
          code: 'OUT_OF_MEMORY',
          message: 'sim-1 ran out of GPU memory at KSampler; use a smaller size or a larger GPU.',
          details: null,
        },
      });
      return;
    }
    const asset = this.makeId();
    this.pictures.set(asset, { type: 'image/png', body: drawPicture(width, height, seed) });
    const result: Result = {
      index: 0,
      asset_id: asset,
      node_id: '9',
      name: `comfleet_${taskId.slice(-4)}.png`,
      kind: 'image',
      content_type: 'image/png',
      size_bytes: this.pictures.get(asset)?.body.length ?? 0,
      hash: 'blake3:00',
      url: `/api/fleet/assets/${asset}/content?expires=1&signature=x`,
      text: null,
    };
    this.change(taskId, {
      status: 'succeeded',
      results: [result],
      completed_at: new Date().toISOString(),
      duration_seconds: (Date.now() - startedAt) / 1000,
      message: 'Done.',
    });
  }

  send(frame: StreamFrame): void {
    for (const watcher of this.watchers) watcher(frame);
  }
}

function blankTask(taskId: string, at: string): Task {
  return {
    task_id: taskId,
    status: 'queued',
    message: 'Waiting.',
    task_type: 'text_to_image',
    name: null,
    workflow_name: null,
    workflow_version: 'v',
    parameters: {},
    seed: null,
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
    progress: null,
    cancel_requested_at: null,
    created_at: at,
    started_at: null,
    completed_at: null,
    duration_seconds: null,
    timeout_seconds: 900,
    results: [],
    error: null,
  };
}

type Raw = Record<string, unknown>;

function loadWorkflows(): Workflow[] {
  const document = parse(readFileSync(WORKFLOWS_FILE, 'utf8')) as {
    task_types: Record<string, { default_workflow?: string; workflows: Record<string, Raw> }>;
  };
  return Object.entries(document.task_types).flatMap(([taskType, type]) =>
    Object.entries(type.workflows).map(
      ([name, raw]): Workflow => ({
        name,
        title: (raw.title as { en: string; zh: string } | undefined) ?? { en: name, zh: name },
        version: String(raw.version),
        version_id: name,
        task_type: taskType,
        description: (raw.description as string | undefined) ?? null,
        is_default: type.default_workflow === name,
        enabled: true,
        parameters: Object.entries(raw.parameter_mapping as Record<string, Raw>).map(([key, mapping]) =>
          toParameter(key, mapping),
        ),
        presets: (raw.presets as Raw | undefined) ?? null,
        available: name !== 'sdxl_basic',
        missing: name === 'sdxl_basic' ? ['checkpoints/sd_xl_base_1.0.safetensors'] : [],
      }),
    ),
  );
}

function toParameter(name: string, raw: Raw): Parameter {
  return {
    name,
    node_id: String(raw.node_id),
    input_name: String(raw.input_name),
    data_type: (raw.data_type as Parameter['data_type'] | undefined) ?? 'string',
    description: (raw.description as string | undefined) ?? null,
    label: (raw.label as Parameter['label'] | undefined) ?? null,
    required: raw.required === true,
    default_value: raw.default_value ?? null,
    min: (raw.min as number | undefined) ?? null,
    max: (raw.max as number | undefined) ?? null,
    multiple_of: (raw.multiple_of as number | undefined) ?? null,
    max_length: (raw.max_length as number | undefined) ?? null,
    options: (raw.options as string[] | undefined) ?? null,
    derived: raw.derived === true,
  };
}
