import { QUOTAS } from '@comfleet/contract';
import type { Json } from '@comfleet/test-kit/server';
import { expect } from 'vitest';
import { createProject } from './project-cases.ts';
import type { Cases, Proof, Stage } from './stage.ts';

/** One limit is set, the others stay; each is refused below zero. */
const limits =
  (quota: string): Proof =>
  async (stage) => {
    const { id } = await stage.server.register(`with a limit of ${quota}`);
    const before = await stage.get(`GET /api/v2/admin/usage/${id}`);
    await stage.get(`PUT /api/v2/admin/quotas/${id}`, { [quota]: 7 });
    const { quotas } = await stage.get(`GET /api/v2/admin/usage/${id}`);
    expect(quotas).toEqual(
      before.quotas.map((use: Json) => (use.quota === quota ? { ...use, limit: 7, source: 'own' } : use)),
    );
    const body = { [quota]: -1 };
    await stage.refuses(`PUT /api/v2/admin/quotas/${id}`, { status: 400, names: `"path":"${quota}"`, body });
  };

const days =
  (path: (stage: Stage) => Promise<string>): Proof =>
  async (stage) => {
    const address = await path(stage);
    expect((await stage.get(`GET ${address}?days=3`)).days).toHaveLength(3);
    await stage.refuses(`GET ${address}?days=0`, { status: 400, names: '"path":"days"' });
  };

/** Quotas, and what was used of them. */
export const quotaCases: Cases = {
  'GET /api/v2/usage': {
    'query.days': days(async () => '/api/v2/usage'),
    'query.project_id': async (stage) => {
      const id = await createProject(stage);
      const { subject } = await stage.get(`GET /api/v2/usage?project_id=${id}`);
      expect(subject).toEqual({ kind: 'project', id, name: 'a project' });
      await stage.refuses('GET /api/v2/usage?project_id=none', { status: 404, names: 'PROJECT_NOT_FOUND' });
    },
  },
  'GET /api/v2/admin/usage/{id}': {
    'query.days': days(async (stage) => `/api/v2/admin/usage/${await createProject(stage)}`),
  },
  'PUT /api/v2/admin/quotas/{id}': Object.fromEntries(
    QUOTAS.map((quota) => [`body.${quota}`, limits(quota)]),
  ),
};
