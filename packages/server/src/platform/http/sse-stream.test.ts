import { EventEmitter } from 'node:events';
import { FakeClock } from '@comfleet/test-kit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { expect, test } from 'vitest';
import { SseStream } from './sse-stream.ts';

class FakeResponse extends EventEmitter {
  writableLength = 0;
  writableNeedDrain = false;
  destroyed = false;
  ended = false;
  text = '';
  writeHead(): void {}
  write(text: string): void {
    this.text += text;
  }
  end(): void {
    this.ended = true;
  }
  destroy(): void {
    this.destroyed = true;
  }
}

function openStream() {
  const raw = new FakeResponse();
  const clock = new FakeClock();
  const reply = { raw, hijack: () => {}, getHeaders: () => ({}) } as unknown as FastifyReply;
  const request = { raw: new EventEmitter() } as unknown as FastifyRequest;
  return { raw, clock, stream: new SseStream(request, reply, clock) };
}

test('B12 a slow reader is dropped, never waited for', () => {
  const { raw, stream } = openStream();
  raw.writableLength = 2_097_152;
  stream.send({ event: 'progress', data: {} });
  expect(stream.signal.aborted).toBe(false);
  raw.writableLength = 2_097_153;
  stream.send({ event: 'progress', data: {} });
  expect([raw.destroyed, stream.signal.aborted]).toEqual([true, true]);
});

test('a quiet stream says every 15 s that it is alive, and nothing after its end', () => {
  const { raw, clock, stream } = openStream();
  clock.advance(30_000);
  expect(raw.text).toBe('retry: 2000\n\n: alive\n\n: alive\n\n');
  stream.end();
  clock.advance(60_000);
  stream.send({ event: 'event', data: {} });
  expect(raw.text).toBe('retry: 2000\n\n: alive\n\n: alive\n\n');
  expect(raw.ended).toBe(true);
});

test('a reader that goes away ends the stream', () => {
  const { raw, stream } = openStream();
  raw.emit('close');
  expect(stream.signal.aborted).toBe(true);
});

test('what can wait goes on when the reader has taken the rest, or is gone', async () => {
  const { raw, stream } = openStream();
  await stream.drained();
  raw.writableNeedDrain = true;
  const seen: string[] = [];
  const taken = stream.drained().then(() => seen.push('taken'));
  const gone = openStream();
  gone.raw.writableNeedDrain = true;
  const left = gone.stream.drained().then(() => seen.push('gone'));
  await Promise.resolve();
  expect(seen).toEqual([]);

  raw.emit('drain');
  await taken;
  expect(seen).toEqual(['taken']);
  gone.raw.emit('close');
  await left;
  expect(seen).toEqual(['taken', 'gone']);
});
