import { STATUS_CODES } from 'node:http';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { RouteOptions } from 'fastify';
import { createJsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { HttpServer } from '../../platform/http/http-server.ts';
import { toRecord } from '../../platform/http/json-body.ts';
import type { RequestLimits } from '../request-limits.ts';
import { describeProblems, describeSecurity, noBody, type RouteFacts } from '../route-responses.ts';

const DOCS_CSP =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/** Of the API, not of the software, which nobody needs to know without a token. */
const API_VERSION = '2';

const SECURITY_SCHEMES = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description: 'The access_token of POST /api/v2/auth/token.',
  },
  joinToken: {
    type: 'http',
    scheme: 'bearer',
    description: 'A token of POST /api/v2/admin/join-tokens, or nodes.join_token of the configuration.',
  },
  signedLink: {
    type: 'apiKey',
    in: 'query',
    name: 'signature',
    description: 'The link of a result or upload as it was answered; it works one to two hours.',
  },
} as const;

/**
 * Adds the API document (/openapi.json) and its page (/docs). Call before adding the doors that it describes. `isOpen`:
 * requests without a token may do what clients may.
 */
export async function addApiDocument(
  app: HttpServer,
  options: { isOpen: boolean; limits: RequestLimits },
): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Comfleet',
        description:
          'Run ComfyUI dependably: tasks in, files out. docs/reference/errors.md lists every error code.',
        version: API_VERSION,
      },
      components: {
        securitySchemes: SECURITY_SCHEMES,
      },
      security: [{ bearer: [] }],
      tags: [
        { name: 'tasks', description: 'One request to run one graph' },
        { name: 'batches', description: 'Tasks made together' },
        { name: 'workflows', description: 'Named workflows and their parameters' },
        { name: 'uploads', description: 'Pictures that tasks start from, and bytes of files' },
        { name: 'auth', description: 'Clients and tokens' },
        { name: 'admin', description: 'For admins' },
        { name: 'fleet', description: 'Workers' },
        { name: 'debug', description: 'Why a task does not end' },
        { name: 'ops', description: 'Health and metrics' },
        { name: 'comfy-v2', description: 'The Comfy API v2; docs/reference/comfy-api-v2.md' },
      ],
    },
    transform: createTransform(options.isOpen),
    transformObject: jsonSchemaTransformObject,
  });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: DOCS_CSP,
    uiConfig: { deepLinking: true, persistAuthorization: false },
  });
  app.get('/openapi.json', {
    config: { access: 'public' },
    schema: { hide: true },
    onRequest: (request, reply) => options.limits.countAddress(request, reply),
    handler: async (_request, reply) => {
      reply.header('cache-control', 'no-cache');
      return app.swagger();
    },
  });
}

type Transform = ReturnType<typeof createJsonSchemaTransform>;

/** Describes a route by its schemas and by what its declaration implies. */
function createTransform(isOpen: boolean): Transform {
  const toJsonSchemas = createJsonSchemaTransform({ skipList: ['/docs/*'] });
  return (input) => {
    const { schema = {}, route } = input;
    const { access, ownBody } = route.config ?? {};
    const output = toJsonSchemas({
      ...input,
      schema: {
        security: describeSecurity(access, { isOpen }),
        ...schema,
        response: describeSuccesses(schema.response),
        ...(schema.body === noBody && { body: undefined }),
        ...(ownBody && { body: ownBody.schema, consumes: [ownBody.mediaType] }),
      },
    });
    const response = { ...describeProblems(readFacts(route)), ...toRecord(output.schema.response) };
    return { ...output, schema: { ...output.schema, response } };
  };
}

function readFacts({ method, config }: RouteOptions): RouteFacts {
  return {
    methods: [method].flat(),
    access: config?.access,
    keys: config?.keys,
    refusals: config?.refusals ?? [],
    uncounted: config?.uncounted,
    operation: config?.operation,
  };
}

/** Names the status of responses with a JSON body; those with a description of their own stay unchanged. */
function describeSuccesses(response: unknown): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(toRecord(response)).map(([status, documented]) => {
      const hasBody = documented instanceof z.ZodType && !(documented instanceof z.ZodNull);
      const described = {
        description: STATUS_CODES[status],
        content: { 'application/json': { schema: documented } },
      };
      return [status, hasBody ? described : documented];
    }),
  );
}
