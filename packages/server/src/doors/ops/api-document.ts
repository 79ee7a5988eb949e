import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { createJsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import type { HttpServer } from '../../platform/http/http-server.ts';

const DOCS_CSP =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/** The API document (/openapi.json) and its page (/docs). Register before the doors whose routes it describes. */
export async function addApiDocument(app: HttpServer, options: { version: string }): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Comfleet',
        description:
          'Run ComfyUI dependably: tasks in, files out. docs/reference/errors.md lists every error code.',
        version: options.version,
      },
      components: {
        securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
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
      ],
    },
    transform: createJsonSchemaTransform({ skipList: ['/docs/*'] }),
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
    handler: async (_request, reply) => {
      reply.header('cache-control', 'no-cache');
      return app.swagger();
    },
  });
}
