import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { parseByteRange } from './byte-range.ts';
import { formatDisposition } from './content-disposition.ts';

/** Bytes of a user's file and what a browser must know about them. */
export interface Content {
  name: string;
  contentType: string;
  sizeBytes: number;
  /** Identifies the bytes; becomes the ETag. */
  hash: string;
  createdAtMs: number;
  /** `end` is inclusive. */
  open(range?: { start: number; end: number }): AsyncIterable<Uint8Array>;
}

/** Types that a browser may display; everything else (SVG, HTML …) can only be saved. */
const SHOWN =
  /^(image\/(png|jpeg|webp|gif|avif|bmp)|video\/(mp4|webm|ogg|quicktime)|audio\/[a-z0-9.+-]+|text\/plain)(;|$)/;
const MEDIA = /^(image|video|audio)\//;

/** Sends a file: ranges, ETag, RFC 6266 name, cache time (media 1 h, else 10 min), and never lets it run as a page. */
export function sendContent(
  request: FastifyRequest,
  reply: FastifyReply,
  content: Content,
  disposition?: 'attachment',
): FastifyReply {
  const etag = `"${content.hash}"`;
  reply.headers({
    etag,
    'last-modified': new Date(content.createdAtMs).toUTCString(),
    'accept-ranges': 'bytes',
    'cache-control': `private, max-age=${MEDIA.test(content.contentType) ? 3600 : 600}`,
    'content-security-policy': "default-src 'none'; sandbox; frame-ancestors 'none'",
    'content-disposition': formatDisposition(
      disposition ?? (SHOWN.test(content.contentType) ? 'inline' : 'attachment'),
      content.name,
    ),
  });
  if (matchesEtag(request.headers['if-none-match'], etag)) return reply.status(304).send();
  const ifRange = request.headers['if-range'];
  const isSame = ifRange === undefined || ifRange === etag;
  const range = parseByteRange(isSame ? request.headers.range : undefined, content.sizeBytes);
  switch (range.kind) {
    case 'unsatisfiable':
      return reply.status(416).header('content-range', `bytes */${content.sizeBytes}`).send();
    case 'part': {
      const { start, end } = range;
      reply
        .status(206)
        .type(content.contentType)
        .header('content-range', `bytes ${start}-${end}/${content.sizeBytes}`);
      return sendBytes(request, reply, end - start + 1, () => content.open({ start, end }));
    }
    case 'whole':
      reply.type(content.contentType);
      return sendBytes(request, reply, content.sizeBytes, () => content.open());
  }
}

function sendBytes(
  request: FastifyRequest,
  reply: FastifyReply,
  length: number,
  open: () => AsyncIterable<Uint8Array>,
): FastifyReply {
  reply.header('content-length', length);
  // An empty stream keeps the length; no body would make it 0.
  if (request.method === 'HEAD') return reply.send(Readable.from([]));
  return reply.send(Readable.from(open(), { objectMode: false }));
}

function matchesEtag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((part) => part.trim() === '*' || part.trim().replace(/^W\//, '') === etag);
}
