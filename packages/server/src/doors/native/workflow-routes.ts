import {
  estimateErrorListSchema,
  validationSchema,
  workflowListSchema,
  workflowSchema,
} from '@comfleet/contract';
import { z } from 'zod';
import { may } from '../../people/identity/principal.ts';
import type { HttpServer } from '../../platform/http/http-server.ts';
import { readLosslessBody, toRecord } from '../../platform/http/json-body.ts';
import { principalOf } from '../authentication.ts';
import type { NativeDeps } from './native-deps.ts';
import { nameParams } from './route-schemas.ts';

const LISTED_PROBLEMS = 100;

/** Adds routes for named workflows and parameters. */
export function addWorkflowRoutes(app: HttpServer, deps: NativeDeps): void {
  const { workflows, statistics, config } = deps;
  app.get('/api/v2/workflows', {
    config: { access: 'client' },
    schema: {
      tags: ['workflows'],
      summary: 'List workflows with their parameters',
      querystring: z.strictObject({ task_type: z.string().max(200).optional() }),
      response: { 200: workflowListSchema },
    },
    handler: async (request) => {
      const listed = await workflows.list(principalOf(request), request.query.task_type);
      // Problems name files of the server.
      if (!may(principalOf(request), 'fleet.manage')) return { workflows: listed };
      const problems = [...config.problems(), ...workflows.problems()].slice(0, LISTED_PROBLEMS);
      return { workflows: listed, problems };
    },
  });

  app.get('/api/v2/workflows/:name', {
    config: { access: 'client', refusals: ['WORKFLOW_NOT_FOUND'] },
    schema: {
      tags: ['workflows'],
      summary: 'One workflow',
      params: nameParams,
      response: { 200: workflowSchema },
    },
    handler: (request) => workflows.load(principalOf(request), request.params.name),
  });

  app.get('/api/fleet/estimates', {
    config: { access: 'fleet.see' },
    schema: {
      tags: ['workflows'],
      summary: 'How accurate the estimates of tasks were, by workflow',
      response: { 200: estimateErrorListSchema },
    },
    handler: async () => ({ estimates: await statistics.estimateErrors() }),
  });

  app.post('/api/v2/workflows/:name/validate', {
    config: { access: 'client', refusals: ['WORKFLOW_NOT_FOUND'] },
    schema: {
      tags: ['workflows'],
      summary: 'Check parameters without running anything',
      params: nameParams,
      body: z.strictObject({ parameters: z.record(z.string(), z.unknown()).default({}) }),
      response: { 200: validationSchema },
    },
    handler: (request) => {
      const parameters = toRecord(readLosslessBody(request).parameters);
      return workflows.validate(principalOf(request), request.params.name, parameters);
    },
  });
}
