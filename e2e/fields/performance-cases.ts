import type { Json } from '@comfleet/test-kit/server';
import { expect } from 'vitest';
import { picture } from '../support/graphs.ts';
import { createProject } from './project-cases.ts';
import type { Cases, Proof, Stage } from './stage.ts';

const TASKS = '/api/v2/admin/performance/tasks';
const EXPORT = `${TASKS}/export`;
const NODES = '/api/v2/admin/performance/nodes';
const OWN = '/api/v2/performance';

/** Runs a task and returns its record. */
const run = (stage: Stage, body: object = {}) => stage.run('/api/v2/tasks', { graph: picture(), ...body });

/** How many tasks a query counts. */
async function count(stage: Stage, path: string, query: string): Promise<number> {
  if (path === EXPORT) {
    const lines = (await stage.ask(`GET ${path}?${query}`)).text.trim().split('\n').slice(1);
    return lines.reduce((sum, line) => sum + Number(line.split(',')[2]), 0);
  }
  return (await stage.get(`GET ${path}?${query}`)).total.tasks;
}

type Pick = (stage: Stage) => Promise<string>;

const FILTERS: Readonly<Record<string, Pick>> = {
  project_id: async (stage) => {
    const id = await createProject(stage);
    await run(stage, { project_id: id });
    return id;
  },
  worker: async (stage) => (await run(stage)).worker_id,
  workflow: async (stage) => {
    const { task_id: id } = await stage.get('POST /api/v2/tasks/text-to-image', { prompt: 'measured' });
    await stage.server.finish(stage.token, id);
    return 'plain_text_to_image';
  },
};
const USER: Pick = async (stage) => {
  const { task_id: id } = await run(stage);
  return (await stage.get(`GET /api/v2/tasks/${id}`)).owner_id ?? (await ownId(stage));
};
const ownId = async (stage: Stage): Promise<string> =>
  (await stage.get(`GET ${TASKS}?group_by=user`)).groups[0].key;

/** A filter counts some tasks, and for what nobody has none, or the project is not found. */
const narrows =
  (path: string, name: string, pick: Pick): Proof =>
  async (stage) => {
    const value = await pick(stage);
    expect(await count(stage, path, `${name}=${encodeURIComponent(value)}`)).toBeGreaterThan(0);
    const other = await stage.ask(`GET ${path}?${name}=nobody-has-this`);
    if (other.status === 404) return;
    expect(await count(stage, path, `${name}=nobody-has-this`)).toBe(0);
  };

const period = (path: string): Readonly<Record<string, Proof>> => ({
  'query.days': async (stage) => {
    await run(stage);
    await stage.refuses(`GET ${path}?days=0`, { status: 400, names: '"path":"days"' });
    if (path !== EXPORT) {
      const { since, until } = await stage.get(`GET ${path}?days=3`);
      expect(Date.parse(until) - Date.parse(since)).toBe(2 * 24 * 3_600_000);
    }
  },
  'query.until': async (stage) => {
    await run(stage);
    await stage.refuses(`GET ${path}?until=yesterday`, { status: 400, names: '"path":"until"' });
    if (path === NODES) {
      const { nodes } = await stage.get(`GET ${path}?until=2020-01-31`);
      expect(nodes.every((node: Json) => node.tasks === 0)).toBe(true);
    } else expect(await count(stage, path, 'until=2020-01-31')).toBe(0);
  },
});

const tasks = (path: string): Readonly<Record<string, Proof>> => ({
  ...period(path),
  ...Object.fromEntries(
    Object.entries(FILTERS).map(([name, pick]) => [`query.${name}`, narrows(path, name, pick)]),
  ),
  'query.group_by': async (stage) => {
    await run(stage);
    await stage.refuses(`GET ${path}?group_by=month`, { status: 400, names: '"path":"group_by"' });
    expect((await stage.ask(`GET ${path}?group_by=worker`)).text).toContain('gpu-');
  },
});

/** Statistics of tasks. */
export const performanceCases: Cases = {
  [`GET ${TASKS}`]: { ...tasks(TASKS), 'query.user': narrows(TASKS, 'user', USER) },
  [`GET ${EXPORT}`]: { ...tasks(EXPORT), 'query.user': narrows(EXPORT, 'user', USER) },
  [`GET ${NODES}`]: period(NODES),
  [`GET ${OWN}`]: tasks(OWN),
};
