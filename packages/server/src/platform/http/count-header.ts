import type { FastifyRequest } from 'fastify';

/** How many lines of a request have this header (`name` in lower case). Node keeps the first of some; a proxy may read another. */
export function countHeader({ raw }: FastifyRequest, name: string): number {
  return raw.rawHeaders.filter((text, at) => at % 2 === 0 && text.toLowerCase() === name).length;
}
