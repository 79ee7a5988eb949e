import fastifyStatic from '@fastify/static';
import type { HttpServer } from '../../platform/http/http-server.ts';

/** No inline script or style, nothing from elsewhere, in nobody's frame. */
export const PAGE_CSP =
  "default-src 'self'; style-src 'self'; script-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self'; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/** The create page at /client from a folder of built files; `/` leads there. */
export async function addClientPages(app: HttpServer, folder: string): Promise<void> {
  await app.register(async (scope) => {
    scope.addHook('onSend', async (_request, reply, payload) => {
      reply.header('content-security-policy', PAGE_CSP);
      return payload;
    });
    await scope.register(fastifyStatic, {
      root: folder,
      prefix: '/client/',
      index: false,
      dotfiles: 'ignore',
      cacheControl: false,
      setHeaders: (reply, path) => {
        const isHashed = /[/\\]assets[/\\]/.test(path);
        reply.header('cache-control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache');
      },
    });
    scope.get('/client', {
      config: { access: 'public' },
      schema: { hide: true },
      handler: (request, reply) => {
        const path = request.url.split('?')[0] ?? '';
        // The page's own addresses are relative to /client/.
        return path === '/client' ? reply.redirect('/client/') : reply.sendFile('index.html');
      },
    });
    scope.get('/', {
      config: { access: 'public' },
      schema: { hide: true },
      handler: (_request, reply) => reply.redirect('/client/'),
    });
  });
}
