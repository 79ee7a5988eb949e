import type { Json } from '@comfleet/test-kit/server';
import { expect } from 'vitest';
import { listFiles } from '../support/files.ts';
import { createProject } from './project-cases.ts';
import type { Cases, Proof, Stage } from './stage.ts';

/** A route for submissions, with its minimal body. */
interface Route {
  path: string;
  /** The type of its tasks. */
  type: string;
  /** What a body needs besides its options, with a picture of this width. */
  rest: (width: number) => Json;
}

const ROUTES: readonly Route[] = [
  { path: '/api/v2/tasks', type: 'text_to_image', rest: (width) => ({ parameters: { width } }) },
  { path: '/api/v2/tasks/text-to-image', type: 'text_to_image', rest: (width) => ({ width }) },
  { path: '/api/v2/tasks/text-to-image-sdxl', type: 'text_to_image_sdxl', rest: (width) => ({ width }) },
  { path: '/api/v2/tasks/image-to-video', type: 'image_to_video', rest: (width) => ({ width }) },
  {
    path: '/api/v2/batches',
    type: 'text_to_image',
    rest: (width) => ({ tasks: [{ parameters: { width } }] }),
  },
];

let made = 0;
/** A new width, so that no worker has the picture in its cache. */
function nextWidth(): number {
  made += 1;
  return 8 * (10 + made);
}

type OptionProof = (stage: Stage, route: Route) => Promise<void>;

/** Runs a task with this option; returns its record. */
function runWith(stage: Stage, { path, type, rest }: Route, options: Json): Promise<Json> {
  return stage.run(path, { workflow_name: `plain_${type}`, ...rest(nextWidth()), ...options });
}

function refuses(stage: Stage, { path, type, rest }: Route, options: Json, names: string, status = 400) {
  const body = { workflow_name: `plain_${type}`, ...rest(nextWidth()), ...options };
  return stage.refuses(`POST ${path}`, { status, names, body });
}

/** Proves that the task's record has the value. */
function shows(field: string, value: unknown): OptionProof {
  return async (stage, route) => {
    expect((await runWith(stage, route, { [field]: value }))[field]).toEqual(value);
  };
}

/** The options of every submission route, each with the proof of its effect. */
const OPTIONS: Readonly<Record<string, OptionProof>> = {
  workflow_name: async (stage, route) => {
    expect((await runWith(stage, route, {})).workflow_name).toBe(`plain_${route.type}`);
    await refuses(stage, route, { workflow_name: 'nowhere' }, 'nowhere', 404);
  },
  name: shows('name', 'a name'),
  priority: shows('priority', 9),
  project_id: async (stage, route) => {
    const id = await createProject(stage);
    expect((await runWith(stage, route, { project_id: id })).project_id).toBe(id);
    await refuses(stage, route, { project_id: 'nowhere' }, 'nowhere', 404);
  },
  timeout_seconds: shows('timeout_seconds', 77),
  max_attempts: async (stage, route) => {
    // A worker that ran out of memory: by default the task is retried.
    for (const simulator of stage.server.simulators) simulator.control.set({ name: 'out_of_memory' });
    const task = await runWith(stage, route, { max_attempts: 1 });
    for (const simulator of stage.server.simulators) simulator.control.clear();
    expect([task.status, task.attempt_count]).toEqual(['failed', 1]);
  },
  labels: async (stage, route) => {
    expect((await runWith(stage, route, { labels: ['fast'] })).status).toBe('succeeded');
    await refuses(stage, route, { labels: ['nolabel'] }, 'nolabel', 422);
  },
  workers: async (stage, route) => {
    for (const name of ['gpu-1', 'gpu-2'])
      expect((await runWith(stage, route, { workers: [name] })).worker_name).toBe(name);
    await refuses(stage, route, { workers: ['nobody'] }, 'nobody', 422);
  },
  all_or_nothing: async (stage, route) => {
    const half = { workflow_name: `half_${route.type}` };
    expect((await runWith(stage, route, half)).status).toBe('succeeded');
    const { error } = await runWith(stage, route, { ...half, all_or_nothing: true });
    expect(error).toMatchObject({ code: 'PROMPT_REFUSED', details: { left_out: ['9'] } });
  },
  file_name: async (stage, route) => {
    const task = await runWith(stage, route, { file_name: 'mine-{task}' });
    const [path] = await listFiles(stage.outputs, `mine-${task.task_id.slice(-12)}\\.png`);
    expect(path).toBeDefined();
  },
  output_path: async (stage, route) => {
    const folder = route.path.replaceAll('/', '_');
    await runWith(stage, route, { output_path: folder });
    expect((await listFiles(stage.outputs, `^${folder}/.*\\.png`)).length).toBeGreaterThan(0);
  },
};

/** Proves that the same key with the same body returns the same response, and with another body is refused. */
function keepsKey(route: Route): Proof {
  return async (stage) => {
    const send = (name: string) => {
      const body = { workflow_name: `plain_${route.type}`, ...route.rest(64), name };
      return stage.ask(`POST ${route.path}`, body, { headers: { 'idempotency-key': `key${route.path}` } });
    };
    const first = await send('one');
    const again = await send('one');
    expect([first.status, again.status, again.json.task_id]).toEqual([201, 200, first.json.task_id]);
    expect((await send('other')).json.error.code).toBe('IDEMPOTENCY_CONFLICT');
  };
}

export const optionCases: Cases = Object.fromEntries(
  ROUTES.map((route) => {
    const proofs = Object.entries(OPTIONS).map(([name, prove]): [string, Proof] => [
      `body.${name}`,
      (stage) => prove(stage, route),
    ]);
    return [
      `POST ${route.path}`,
      { ...Object.fromEntries(proofs), 'header.idempotency-key': keepsKey(route) },
    ];
  }),
);
