import { policyListSchema, policyTestedSchema, testPolicySchema } from '@comfleet/contract';
import type { HttpServer } from '../../platform/http/http-server.ts';
import { readLosslessBody, toRecord } from '../../platform/http/json-body.ts';
import type { NativeDeps } from './native-deps.ts';

/** Adds what administrators ask about the rules for graphs. */
export function addPolicyRoutes(app: HttpServer, { policies, config }: NativeDeps): void {
  app.get('/api/fleet/policies', {
    config: { access: 'fleet.manage' },
    schema: {
      tags: ['fleet'],
      summary: 'The rules for graphs in force, and where they come from',
      response: { 200: policyListSchema },
    },
    handler: async () => ({ policies: policies.list() }),
  });

  app.post('/api/fleet/policies/test', {
    config: { access: 'fleet.manage', refusals: ['INVALID_WORKFLOW', 'WORKFLOW_FORMAT_UI'] },
    bodyLimit: config.current.limits.graphBodyBytes,
    schema: {
      tags: ['fleet'],
      summary: 'Whether a graph would be refused to someone, and by which rule',
      body: testPolicySchema,
      response: { 200: policyTestedSchema },
    },
    handler: (request) => {
      const graph = toRecord(readLosslessBody(request).graph);
      return policies.test({ ...request.body, graph });
    },
  });
}
