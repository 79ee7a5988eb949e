import type { FastifyReply } from 'fastify';

/** Sends JSON text as it is: parsing it would change its numbers. */
export function sendJsonText(reply: FastifyReply, text: string): FastifyReply {
  return reply
    .type('application/json; charset=utf-8')
    .serializer((body: string) => body)
    .send(text);
}
