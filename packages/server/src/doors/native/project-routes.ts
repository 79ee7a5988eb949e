import {
  memberChangeSchema,
  memberListSchema,
  memberSchema,
  newProjectSchema,
  projectChangeSchema,
  projectListSchema,
  projectSchema,
} from '@comfleet/contract';
import { z } from 'zod';
import type { HttpServer } from '../../platform/http/http-server.ts';
import { principalOf } from '../authentication.ts';
import type { NativeDeps } from './native-deps.ts';
import { idParams } from './route-schemas.ts';

const listQuery = z.strictObject({
  all: z
    .stringbool()
    .default(false)
    .describe('Every project instead of the own ones; only with the permission tasks.see_all.'),
});
const memberParams = idParams.extend({ member: z.string() });
const OWNERS = ['PROJECT_NOT_FOUND', 'NOT_PROJECT_OWNER'] as const;

/** Adds routes for projects and their members. */
export function addProjectRoutes(app: HttpServer, deps: NativeDeps): void {
  addOwnRoutes(app, deps);
  addChangeRoutes(app, deps);
  addMemberRoutes(app, deps);
}

function addOwnRoutes(app: HttpServer, { identity: { projects } }: NativeDeps): void {
  app.get('/api/projects', {
    config: { access: 'client', refusals: ['FORBIDDEN'] },
    schema: {
      tags: ['projects'],
      summary: 'List the projects that the caller owns or is a member of, newest first',
      querystring: listQuery,
      response: { 200: projectListSchema },
    },
    handler: async (request) => ({
      projects: await projects.list(principalOf(request), request.query.all ? 'all' : 'own'),
    }),
  });

  app.post('/api/projects', {
    config: { access: 'tasks.run', refusals: ['CONFLICT'] },
    schema: {
      tags: ['projects'],
      summary: 'Create a project of the caller',
      body: newProjectSchema,
      response: { 201: projectSchema },
    },
    handler: async (request, reply) => {
      reply.status(201);
      return projects.create(principalOf(request), request.body);
    },
  });

  app.get('/api/projects/:id', {
    config: { access: 'client', refusals: ['PROJECT_NOT_FOUND'] },
    schema: {
      tags: ['projects'],
      summary: 'One project',
      params: idParams,
      response: { 200: projectSchema },
    },
    handler: (request) => projects.load(principalOf(request), request.params.id),
  });
}

function addChangeRoutes(app: HttpServer, { identity: { projects } }: NativeDeps): void {
  app.patch('/api/projects/:id', {
    config: { access: 'tasks.run', refusals: OWNERS },
    schema: {
      tags: ['projects'],
      summary: 'Change the name or the description of a project; for its owner and admins',
      params: idParams,
      body: projectChangeSchema,
      response: { 200: projectSchema },
    },
    handler: (request) => projects.change(principalOf(request), request.params.id, request.body),
  });

  app.delete('/api/projects/:id', {
    config: { access: 'tasks.run', keys: 'refused', refusals: OWNERS },
    schema: {
      tags: ['projects'],
      summary: 'Delete a project; its tasks and files remain with those who own them',
      params: idParams,
      response: { 204: z.null().describe('Deleted.') },
    },
    handler: async (request, reply) => {
      await projects.remove(principalOf(request), request.params.id);
      return reply.status(204).send(null);
    },
  });
}

function addMemberRoutes(app: HttpServer, { identity: { projects } }: NativeDeps): void {
  app.get('/api/projects/:id/members', {
    config: { access: 'client', refusals: ['PROJECT_NOT_FOUND'] },
    schema: {
      tags: ['projects'],
      summary: 'List the members of a project, its owner first',
      params: idParams,
      response: { 200: memberListSchema },
    },
    handler: async (request) => ({
      members: await projects.listMembers(principalOf(request), request.params.id),
    }),
  });

  app.put('/api/projects/:id/members', {
    config: { access: 'tasks.run', keys: 'refused', refusals: [...OWNERS, 'MEMBER_NOT_FOUND', 'CONFLICT'] },
    schema: {
      tags: ['projects'],
      summary: 'Make a user or client a member, or change the role of one; for the owner and admins',
      params: idParams,
      body: memberChangeSchema,
      response: { 200: memberSchema },
    },
    handler: (request) => projects.setMember(principalOf(request), request.params.id, request.body),
  });

  app.delete('/api/projects/:id/members/:member', {
    config: { access: 'client', keys: 'refused', refusals: [...OWNERS, 'MEMBER_NOT_FOUND', 'CONFLICT'] },
    schema: {
      tags: ['projects'],
      summary: 'End a membership, by the id of the member; for the owner, admins, and the member itself',
      params: memberParams,
      response: { 204: z.null().describe('Ended.') },
    },
    handler: async (request, reply) => {
      const { id, member } = request.params;
      await projects.removeMember(principalOf(request), id, member);
      return reply.status(204).send(null);
    },
  });
}
