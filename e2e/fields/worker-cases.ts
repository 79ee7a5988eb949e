import type { Json } from '@comfleet/test-kit/server';
import { expect } from 'vitest';
import { picture } from '../support/graphs.ts';
import { type Cases, JOIN_TOKEN, type Proof, type Stage } from './stage.ts';

const WORKERS = '/api/fleet/workers';
const NAME = 'stranger';

/** A way to add the third ComfyUI with these settings. */
type Join = (stage: Stage, settings: Json) => Promise<Json>;

const find = async (stage: Stage, name: string): Promise<Json | undefined> =>
  (await stage.get(`GET ${WORKERS}`)).workers.find((worker: Json) => worker.name === name);

const register: Join = async (stage, settings) => {
  await stage.get(`POST ${WORKERS}`, { name: NAME, url: stage.stranger.url, ...settings });
  return (await find(stage, settings.name ?? NAME)) ?? {};
};

const announce: Join = async (stage, settings) => {
  const headers = { authorization: `Bearer ${JOIN_TOKEN}` };
  const body = { name: NAME, url: stage.stranger.url, ...settings };
  const answer = await stage.ask('POST /api/fleet/register', body, { token: null, headers });
  expect([answer.status, answer.json.error ?? null]).toEqual([200, null]);
  return (await find(stage, settings.name ?? NAME)) ?? {};
};

const change: Join = async (stage, settings) => {
  const { worker_id: id } = await register(stage, {});
  return stage.get(`PATCH ${WORKERS}/${id}`, settings);
};

/** Joins with these settings, proves their effect, and leaves. */
async function during(
  stage: Stage,
  { join, settings }: { join: Join; settings: Json },
  show: (worker: Json) => Promise<void>,
): Promise<void> {
  const worker = await join(stage, settings);
  try {
    await stage.get(`POST ${WORKERS}/${worker.worker_id}/inventory`);
    await show(worker);
  } finally {
    await stage.get(`DELETE ${WORKERS}/${worker.worker_id}?mode=move`);
  }
}

const strategy = (stage: Stage, name: string | null) =>
  stage.get('PUT /api/fleet/balancing', { strategy: name });

/** Proves that this strategy chooses the third worker. */
const chosenBy = (name: string, settings: Json): Setting => ({
  settings,
  show: async (stage) => {
    await strategy(stage, name);
    const task = await stage.run('/api/v2/tasks', { graph: picture() });
    await strategy(stage, null);
    expect(task.worker_name).toBe(NAME);
  },
});

interface Setting {
  settings: Json;
  show: (stage: Stage, worker: Json) => Promise<void>;
}

const SETTINGS: Readonly<Record<string, Setting>> = {
  max_concurrent: {
    settings: { max_concurrent: 7 },
    show: async (stage) => {
      // In addition to the two workers with two slots each.
      expect((await stage.get('GET /api/fleet/stats')).capacity).toBe(11);
    },
  },
  capabilities: {
    settings: { capabilities: ['text_to_image'] },
    show: async (stage) => {
      const only = { workers: [NAME] };
      const body = { graph: picture(), ...only };
      await stage.refuses('POST /api/v2/tasks', { status: 422, names: 'NO_CAPABLE_WORKER', body });
      expect((await stage.run('/api/v2/tasks/text-to-image', only)).worker_name).toBe(NAME);
    },
  },
  labels: {
    settings: { labels: ['mine'] },
    show: async (stage) => {
      const task = await stage.run('/api/v2/tasks', { graph: picture(), labels: ['mine'] });
      expect(task.worker_name).toBe(NAME);
    },
  },
  group: {
    // The first choice by its priority, were it not a backup.
    settings: { group: 'backup', priority: 10 },
    show: async (stage) => {
      await strategy(stage, 'priority_based');
      const task = await stage.run('/api/v2/tasks', { graph: picture() });
      await strategy(stage, null);
      expect(task.worker_name).not.toBe(NAME);
    },
  },
  weight: chosenBy('weighted', { weight: 1000 }),
  priority: chosenBy('priority_based', { priority: 10 }),
  metadata: {
    settings: { metadata: { rack: 'b4' } },
    show: async (stage) => {
      expect((await find(stage, NAME))?.metadata).toEqual({ rack: 'b4' });
    },
  },
};

const settingsBy = (join: Join): Record<string, Proof> =>
  Object.fromEntries(
    Object.entries(SETTINGS).map(([name, { settings, show }]): [string, Proof] => [
      `body.${name}`,
      (stage) => during(stage, { join, settings }, (worker) => show(stage, worker)),
    ]),
  );

const namesBy = (join: Join): Record<string, Proof> => ({
  'body.name': (stage) =>
    during(stage, { join, settings: { name: 'named' } }, async (worker) => {
      expect(worker.name).toBe('named');
    }),
  'body.url': (stage) =>
    during(stage, { join, settings: {} }, async (worker) => {
      expect(worker.url).toBe(stage.stranger.url);
    }),
});

/** Proves a switch of a worker, on and off. */
const switches = (path: string, isOn: (worker: Json) => boolean): Record<string, Proof> => ({
  'body.on': async (stage) => {
    const { worker_id: id } = (await find(stage, 'gpu-2')) ?? {};
    const turn = async (on: boolean) => isOn(await stage.get(`POST ${WORKERS}/${id}/${path}`, { on }));
    expect([await turn(path !== 'enabled'), await turn(path === 'enabled')]).toEqual([true, false]);
  },
});

export const workerCases: Cases = {
  [`POST ${WORKERS}`]: { ...settingsBy(register), ...namesBy(register) },
  'POST /api/fleet/register': { ...settingsBy(announce), ...namesBy(announce) },
  [`PATCH ${WORKERS}/{id}`]: settingsBy(change),
  [`POST ${WORKERS}/{id}/maintenance`]: switches('maintenance', ({ state }) => state === 'maintenance'),
  [`POST ${WORKERS}/{id}/drain`]: switches('drain', ({ draining }) => draining),
  [`POST ${WORKERS}/{id}/enabled`]: switches('enabled', ({ enabled }) => !enabled),
  [`DELETE ${WORKERS}/{id}`]: {
    'query.mode': async (stage) => {
      for (const mode of ['wait', 'move']) {
        const { worker_id: id } = await register(stage, {});
        expect((await stage.get(`DELETE ${WORKERS}/${id}?mode=${mode}`)).removed).toBe(true);
      }
      const { worker_id: id } = (await find(stage, 'gpu-1')) ?? {};
      await stage.refuses(`DELETE ${WORKERS}/${id}?mode=now`, { status: 400, names: '"path":"mode"' });
    },
  },
  'PUT /api/fleet/balancing': {
    'body.strategy': async (stage) => {
      expect((await strategy(stage, 'random')).strategy).toBe('random');
      expect((await strategy(stage, null)).source).toBe('file');
    },
  },
};
