import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyReply } from 'fastify';
import type { HttpServer } from '../../platform/http/http-server.ts';

/** No inline script or style, no foreign sources, no framing. */
export const PAGE_CSP =
  "default-src 'self'; style-src 'self'; script-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self'; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

export interface ClientPages {
  /** Folder of the built files. */
  readonly folder: string;
  /** The server uses a data folder other than the default: the page's sign-in hint names `--data`, never the folder. */
  readonly namesData: boolean;
  /** Name of the OpenID provider on the sign-in page; null without one. */
  readonly providerName: string | null;
}

/** Serves the create page at /client from a folder of built files; `/` redirects. */
export async function addClientPages(app: HttpServer, pages: ClientPages): Promise<void> {
  const { folder } = pages;
  const marks = listMarks(pages);
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
        if (path === '/client') return reply.redirect('/client/');
        return marks === '' ? reply.sendFile('index.html') : sendMarked(reply, { folder, marks });
      },
    });
    scope.get('/', {
      config: { access: 'public' },
      schema: { hide: true },
      handler: (_request, reply) => reply.redirect('/client/'),
    });
  });
}

/** What the page is told of this server, as attributes of its root element. */
function listMarks({ namesData, providerName }: ClientPages): string {
  const folder = namesData ? 'data-folder="named" ' : '';
  return providerName === null ? folder : `${folder}data-provider="${escapeAttribute(providerName)}" `;
}

function escapeAttribute(text: string): string {
  return text.replace(/[&"<>]/g, (one) => `&#${one.charCodeAt(0)};`);
}

async function sendMarked(
  reply: FastifyReply,
  { folder, marks }: { folder: string; marks: string },
): Promise<string> {
  const html = await readFile(join(folder, 'index.html'), 'utf8');
  reply.type('text/html; charset=utf-8').header('cache-control', 'no-cache');
  // A function: a `$` in a name is no pattern.
  return html.replace('<html ', () => `<html ${marks}`);
}
