import { Readable } from 'node:stream';
import type { TimeSlice } from '@comfleet/comfyui';
import type { FastifyReply } from 'fastify';

/** Sends JSON text unchanged: parsing would change its numbers. */
export function sendJsonText(reply: FastifyReply, text: string): FastifyReply {
  return reply
    .type('application/json; charset=utf-8')
    .serializer((body: string) => body)
    .send(text);
}

/** List items serialised in one go. */
const PIECE_ITEMS = 250;

/** Sends `head`, which is not empty, with one more member: a long list, serialised in pieces, with a yield between them. */
export function sendWithList(
  reply: FastifyReply,
  head: object,
  { name, items, slice }: { name: string; items: readonly unknown[]; slice: TimeSlice },
): FastifyReply {
  const text = async function* () {
    yield `${JSON.stringify(head).slice(0, -1)},${JSON.stringify(name)}:[`;
    for (let from = 0; from < items.length; from += PIECE_ITEMS) {
      const piece = JSON.stringify(items.slice(from, from + PIECE_ITEMS)).slice(1, -1);
      yield from === 0 ? piece : `,${piece}`;
      await slice.yieldIfSpent();
    }
    yield ']}';
  };
  return reply.type('application/json; charset=utf-8').send(Readable.from(text()));
}
