import {
  newUserSchema,
  passwordChangeSchema,
  passwordResetSchema,
  signedInSchema,
  signInSchema,
  userChangeSchema,
  userListSchema,
  userPasswordSchema,
  userSchema,
} from '@comfleet/contract';
import { z } from 'zod';
import type { BearerPurpose } from '../../people/identity/sessions.ts';
import { toUser } from '../../people/identity/user-record.ts';
import type { HttpServer } from '../../platform/http/http-server.ts';
import { principalOf, sessionOf } from '../authentication.ts';
import { toToken } from './auth-routes.ts';
import type { NativeDeps } from './native-deps.ts';
import { idParams } from './route-schemas.ts';
import { readOrigin } from './token-origin.ts';

/** Adds sign-in by name and password, and the management of users. */
export function addUserRoutes(app: HttpServer, deps: NativeDeps): void {
  addPasswordRoutes(app, deps);
  addManagementRoutes(app, deps);
  addResetRoutes(app, deps);
}

/** Each way to sign in, with what its token is for. */
const SIGN_INS: readonly (readonly [path: string, purpose: BearerPurpose, summary: string])[] = [
  ['/api/v2/auth/sign-in', 'browser', "A browser's sign-in for a user's name and password"],
  ['/admin/auth/login', 'access', "A bearer token for a user's name and password, as the v1 layout has it"],
];

function addPasswordRoutes(app: HttpServer, { identity: { users } }: NativeDeps): void {
  for (const [path, purpose, summary] of SIGN_INS) {
    app.post(path, {
      config: {
        access: 'public',
        uncounted: 'own_limit',
        refusals: ['UNAUTHORIZED', 'SAMPLE_PASSWORD', 'RATE_LIMITED'],
      },
      schema: { tags: ['auth'], summary, body: signInSchema, response: { 200: signedInSchema } },
      handler: async (request) => {
        const { username, password } = request.body;
        const { issued, user } = await users.signIn(username, password, {
          purpose,
          origin: readOrigin(request),
        });
        return { ...toToken(issued), user: toUser(user) };
      },
    });
  }

  app.post('/api/v2/auth/password', {
    config: {
      access: 'client',
      keys: 'refused',
      refusals: ['PASSWORD_REFUSED', 'FORBIDDEN', 'RATE_LIMITED', 'USER_DISABLED', 'USER_FROM_OIDC'],
    },
    schema: {
      tags: ['auth'],
      summary: "Change one's own password; every other session ends",
      body: passwordChangeSchema,
      response: { 204: z.null().describe('Changed.') },
    },
    handler: async (request, reply) => {
      const { current_password: current, new_password: next } = request.body;
      await users.changePassword(sessionOf(request), current, next);
      return reply.status(204).send(null);
    },
  });
}

function addManagementRoutes(app: HttpServer, { identity: { users } }: NativeDeps): void {
  app.get('/api/v2/admin/users', {
    config: { access: 'people.manage' },
    schema: { tags: ['admin'], summary: 'List users', response: { 200: userListSchema } },
    handler: async (request) => ({ users: (await users.list(principalOf(request))).map(toUser) }),
  });

  app.post('/api/v2/admin/users', {
    config: { access: 'people.manage', keys: 'refused', refusals: ['NAME_TAKEN', 'PASSWORD_REFUSED'] },
    schema: {
      tags: ['admin'],
      summary: 'Create a user; a generated password is shown only once',
      body: newUserSchema,
      response: { 201: userPasswordSchema },
    },
    handler: async (request, reply) => {
      const { username: name, role, password } = request.body;
      const made = await users.add(principalOf(request), { name, role, password });
      reply.status(201);
      return { ...toUser(made.user), password: made.password };
    },
  });

  app.patch('/api/v2/admin/users/:id', {
    config: {
      access: 'people.manage',
      keys: 'refused',
      refusals: ['USER_NOT_FOUND', 'OWN_ACCOUNT', 'USER_FROM_OIDC', 'SUBJECT_TAKEN'],
    },
    schema: {
      tags: ['admin'],
      summary:
        'Change the role of a user, disable or enable it, or link it to a provider; takes effect at once',
      params: idParams,
      body: userChangeSchema,
      response: { 200: userSchema },
    },
    handler: async (request) => {
      const { id } = request.params;
      return toUser(await users.change(principalOf(request), id, request.body));
    },
  });
}

function addResetRoutes(app: HttpServer, { identity: { users } }: NativeDeps): void {
  app.post('/api/v2/admin/users/:id/reset', {
    config: {
      access: 'people.manage',
      keys: 'refused',
      refusals: ['USER_NOT_FOUND', 'PASSWORD_REFUSED', 'USER_DISABLED', 'USER_FROM_OIDC'],
    },
    schema: {
      tags: ['admin'],
      summary: 'Give a user a new password, shown only once if generated; ends its sessions and keys',
      params: idParams,
      body: passwordResetSchema,
      response: { 200: userPasswordSchema },
    },
    handler: async (request) => {
      const { id } = request.params;
      const made = await users.reset(principalOf(request), id, request.body.password);
      return { ...toUser(made.user), password: made.password };
    },
  });

  app.post('/api/v2/admin/users/:id/sign-out', {
    config: { access: 'people.manage', keys: 'refused', refusals: ['USER_NOT_FOUND'] },
    schema: {
      tags: ['admin'],
      summary: 'End every session and key of a user',
      params: idParams,
      response: { 204: z.null().describe('Signed out.') },
    },
    handler: async (request, reply) => {
      await users.signOut(principalOf(request), request.params.id);
      return reply.status(204).send(null);
    },
  });
}
