import { expect } from 'vitest';
import { picture } from '../support/graphs.ts';
import { createProject } from './project-cases.ts';
import type { Cases, Stage } from './stage.ts';

/** The code of the refusal that a submission would get; null: none. */
const test = async (stage: Stage, body: object): Promise<string | null> => {
  const { error } = await stage.get('POST /api/fleet/policies/test', { graph: picture(), ...body });
  return error === null ? null : error.code;
};

/** What a rule would refuse, and to whom. */
export const policyCases: Cases = {
  'POST /api/fleet/policies/test': {
    'body.graph': async (stage) => {
      const client = 'policy-client';
      const graph = { '1': { class_type: 'LoadImage', inputs: { image: 'a.png' } } };
      expect([await test(stage, { client }), await test(stage, { client, graph })]).toEqual([
        'POLICY_REFUSED',
        null,
      ]);
    },
    'body.client': async (stage) => {
      expect([await test(stage, { client: 'policy-client' }), await test(stage, { client: 'x' })]).toEqual([
        'POLICY_REFUSED',
        null,
      ]);
    },
    'body.project': async (stage) => {
      const id = await createProject(stage, { name: 'policy-project' });
      expect([await test(stage, { project: id }), await test(stage, { project: 'x' })]).toEqual([
        'POLICY_REFUSED',
        null,
      ]);
    },
    'body.role': async (stage) => {
      expect([await test(stage, { role: 'viewer' }), await test(stage, { role: 'member' })]).toEqual([
        'POLICY_REFUSED',
        null,
      ]);
    },
    'body.workflow_name': async (stage) => {
      const client = 'policy-reader';
      expect([
        await test(stage, { client, workflow_name: 'plain_text_to_image' }),
        await test(stage, { client, workflow_name: 'half_text_to_image' }),
      ]).toEqual(['POLICY_REFUSED', null]);
    },
  },
};
