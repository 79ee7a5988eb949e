import type { Json } from '@comfleet/test-kit/server';
import { expect } from 'vitest';
import { picture } from '../support/graphs.ts';
import { filters, pages } from './list-proofs.ts';
import { createProject } from './project-cases.ts';
import type { Cases, Proof, Stage } from './stage.ts';

const TASKS = '/api/v2/tasks';
const run = (stage: Stage, more: Json = {}) => stage.run(TASKS, { graph: picture(), ...more });

const tasks: Record<string, Proof> = {
  ...pages(TASKS, 'tasks', 'task_id'),
  'query.status': filters(TASKS, 'tasks', 'status', async (stage) => {
    await run(stage);
    return { wanted: 'completed', other: 'queued', fits: (task) => task.status === 'succeeded' };
  }),
  'query.task_type': filters(TASKS, 'tasks', 'task_type', async (stage) => {
    await run(stage);
    return { wanted: 'custom', other: 'none', fits: (task) => task.task_type === 'custom' };
  }),
  'query.worker': filters(TASKS, 'tasks', 'worker', async (stage) => {
    const { worker_id: wanted } = await run(stage, { workers: ['gpu-1'] });
    const { worker_id: other } = await run(stage, { workers: ['gpu-2'] });
    return { wanted, other, fits: (task) => task.worker_id === wanted };
  }),
  'query.batch_id': filters(TASKS, 'tasks', 'batch_id', async (stage) => {
    const { batch_id: wanted } = await run(stage).then(() =>
      stage.get('POST /api/v2/batches', { graph: picture(), tasks: [{}] }),
    );
    return { wanted, other: 'none', fits: (task) => task.batch_id === wanted };
  }),
  'query.project_id': filters(TASKS, 'tasks', 'project_id', async (stage) => {
    const wanted = await createProject(stage);
    await run(stage, { project_id: wanted });
    return { wanted, other: 'none', fits: (task) => task.project_id === wanted };
  }),
  'query.held_reason': async (stage) => {
    const { batch_id: id, task_ids: ids } = await stage.server
      .setMaintenance(true)
      .then(() => stage.get('POST /api/v2/batches', { graph: picture(), tasks: [{}] }));
    await stage.get(`POST /api/v2/batches/${id}/pause`);
    const list = async (reason: string) =>
      (await stage.get(`GET ${TASKS}?held_reason=${reason}`)).tasks.map((task: Json) => task.task_id);
    expect([await list('batch_paused'), await list('needs_decision')]).toEqual([ids, []]);
    await stage.get(`POST /api/v2/batches/${id}/cancel`);
    await stage.server.setMaintenance(false);
  },
  'query.since': filters(TASKS, 'tasks', 'since', async (stage) => {
    const { created_at: wanted, task_id: id } = await run(stage);
    const later = new Date(Date.parse(wanted) + 1).toISOString();
    return { wanted, other: later, fits: (task) => task.created_at >= wanted && task.task_id >= id };
  }),
  'query.until': async (stage) => {
    const { created_at: at, task_id: id } = await run(stage);
    const list = async (until: string) =>
      (await stage.get(`GET ${TASKS}?until=${until}&limit=50`)).tasks.some(
        (task: Json) => task.task_id === id,
      );
    expect([await list(at), await list(new Date(Date.parse(at) + 1).toISOString())]).toEqual([false, true]);
  },
};

/** Proves that a stream or list of a task's events starts after this number. */
const after = (
  address: (id: string) => string,
  numbers: (stage: Stage, path: string) => Promise<number[]>,
): Proof => {
  return async (stage) => {
    const { task_id: id } = await run(stage);
    const all = await numbers(stage, address(id));
    const later = await numbers(stage, `${address(id)}?after=2`);
    expect(all.length).toBeGreaterThan(2);
    expect(later).toEqual(all.filter((number) => number > 2));
  };
};

const MODELS = '/api/fleet/models';
const EVENTS = '/api/fleet/events';
const WORKER_EVENTS = '/api/fleet/workers/{id}/events';

export const queryCases: Cases = {
  [`GET ${TASKS}`]: tasks,
  'GET /api/v2/batches': {
    ...pages('/api/v2/batches', 'batches', 'batch_id'),
    'query.project_id': filters('/api/v2/batches', 'batches', 'project_id', async (stage) => {
      const wanted = await createProject(stage);
      await stage.get('POST /api/v2/batches', { graph: picture(), tasks: [{}], project_id: wanted });
      return { wanted, other: 'none', fits: (batch) => batch.project_id === wanted };
    }),
  },
  'GET /api/v2/workflows': {
    'query.task_type': filters('/api/v2/workflows', 'workflows', 'task_type', async () => ({
      wanted: 'image_to_video',
      other: 'none',
      fits: (workflow) => workflow.task_type === 'image_to_video',
    })),
  },
  'POST /api/v2/tasks/{id}/retry': {
    'query.as': async (stage) => {
      const { task_id: id } = await run(stage);
      const again = await stage.get(`POST ${TASKS}/${id}/retry?as=task`);
      expect(again.task_id).not.toBe(id);
      await stage.refuses(`POST ${TASKS}/${id}/retry?as=batch`, { status: 400, names: '"path":"as"' });
    },
  },
  'GET /api/fleet/tasks/{id}/events': {
    'query.after': after(
      (id) => `/api/fleet/tasks/${id}/events`,
      async (stage, path) => (await stage.get(`GET ${path}`)).events.map((event: Json) => event.number),
    ),
  },
  'GET /api/v2/tasks/{id}/events': {
    'query.after': after(
      (id) => `/api/v2/tasks/${id}/events`,
      async (stage, path) => {
        // Without a number the stream begins with a snapshot; from 0 it has every event.
        const asked = path.includes('?') ? path : `${path}?after=0`;
        const frames = await stage.server.follow(stage.token, asked);
        return frames.filter(({ event }) => event === 'event').map(({ data }) => data.event.number);
      },
    ),
  },
  'GET /api/v2/tasks/{id}/download': {
    'query.index': async (stage) => {
      const { task_id: id } = await stage.run('/api/v2/tasks/text-to-image', {
        prompt: 'one',
        negative_prompt: 'two',
      });
      const load = async (index: number) =>
        (await stage.ask(`GET ${TASKS}/${id}/download?index=${index}`)).headers.get('content-disposition');
      expect(await Promise.all([load(0), load(1)])).toEqual([
        expect.stringContaining('one'),
        expect.stringContaining('two'),
      ]);
      await stage.refuses(`GET ${TASKS}/${id}/download?index=9`, { status: 404, names: 'RESULT_NOT_FOUND' });
    },
  },
  [`GET ${MODELS}`]: {
    ...pages(MODELS, 'models', 'name'),
    'query.folder': filters(MODELS, 'models', 'folder', async () => ({
      wanted: 'checkpoints',
      other: 'none',
      fits: (model) => model.folder === 'checkpoints',
    })),
    'query.kind': async (stage) => {
      const { models } = await stage.get(`GET ${MODELS}`);
      const { kind } = models.find((model: Json) => model.kind !== null);
      const found = (await stage.get(`GET ${MODELS}?kind=${kind}`)).models;
      expect(found).toEqual(models.filter((model: Json) => model.kind === kind));
      expect((await stage.get(`GET ${MODELS}?kind=none`)).models).toEqual([]);
    },
    'query.worker': filters(MODELS, 'models', 'worker', async () => ({
      wanted: 'gpu-1',
      other: 'none',
      fits: (model) => model.workers.includes('gpu-1') && !model.workers.includes('gpu-2'),
    })),
  },
  [`GET ${EVENTS}`]: pages(EVENTS, 'events', 'event_id'),
  [`GET ${WORKER_EVENTS}`]: Object.fromEntries(
    ['query.limit', 'query.cursor'].map((name): [string, Proof] => [
      name,
      async (stage) => {
        const [worker] = (await stage.get('GET /api/fleet/workers')).workers;
        await pages(WORKER_EVENTS.replace('{id}', worker.worker_id), 'events', 'event_id')[name]?.(stage);
      },
    ]),
  ),
  'GET /api/fleet/workers/{id}/logs': {
    'query.lines': async (stage) => {
      const { worker_id: id } = await run(stage);
      const load = async (lines: number) =>
        (await stage.get(`GET /api/fleet/workers/${id}/logs?lines=${lines}`)).lines.length;
      expect([await load(1), await load(2)]).toEqual([1, 2]);
    },
  },
};
