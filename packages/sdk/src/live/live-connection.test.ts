import { describe, expect, it } from 'vitest';
import { createFakeClock, createFakeRandom, makeTask } from '../../test/fakes.ts';
import { Comfleet } from '../comfleet.ts';
import type { LiveListeners } from './live-connection.ts';
import type { SocketLike } from './socket.ts';

/** A socket in the test's hands. */
class FakeSocket implements SocketLike {
  readonly sent: unknown[] = [];
  readonly #listeners: { type: string; listener: (event: { data: unknown }) => void }[] = [];

  addEventListener(type: string, listener: (event: { data: unknown }) => void): void {
    this.#listeners.push({ type, listener });
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.emit('close');
  }

  emit(type: string, data?: unknown): void {
    for (const entry of this.#listeners)
      if (entry.type === type) entry.listener({ data: JSON.stringify(data) });
  }
}

/** Opens a live connection whose sockets the test can wait for and play. */
function openLive(listeners: LiveListeners) {
  const { clock, fireTimers } = createFakeClock();
  const waiting: ((socket: FakeSocket) => void)[] = [];
  const errors: string[] = [];
  const urls: string[] = [];
  const comfleet = new Comfleet({
    url: 'https://server',
    token: 'secret',
    clock,
    random: createFakeRandom(),
    log: { info: () => undefined, error: (line) => void errors.push(line) },
    openSocket: (url) => {
      urls.push(url);
      const socket = new FakeSocket();
      queueMicrotask(() => waiting.shift()?.(socket));
      return socket;
    },
  });
  const nextSocket = () => new Promise<FakeSocket>((resolve) => waiting.push(resolve));
  const first = nextSocket();
  const live = comfleet.connectLive(listeners);
  return { live, first, nextSocket, fireTimers, errors, urls };
}

const READY = { type: 'ready', principal_id: 'p' };
const SNAPSHOT = { type: 'frame', frame: { kind: 'snapshot', task: makeTask() } };

/** Lets the connection attach its listeners. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('LiveConnection', () => {
  it('signs in first and watches what was asked before it was ready', async () => {
    const { live, first, urls } = openLive({});
    live.watchTask('task-1');
    const socket = await first;
    await settle();

    socket.emit('open');
    socket.emit('message', READY);

    expect(urls).toEqual(['wss://server/api/v2/live']);
    expect(socket.sent).toEqual([
      { type: 'auth', token: 'secret' },
      { type: 'watch_task', task_id: 'task-1' },
    ]);
  });

  it('asks for the newest state of everything watched after a reconnect', async () => {
    const states: string[] = [];
    const { live, first, nextSocket, fireTimers } = openLive({ onState: (state) => states.push(state) });
    const socket = await first;
    await settle();
    socket.emit('open');
    socket.emit('message', READY);
    live.watchTask('task-1');
    live.watchTask('task-2');
    live.watchBatch('batch-1');
    live.unwatchTask('task-2');
    const second = nextSocket();

    socket.emit('close');
    fireTimers();
    const again = await second;
    await settle();
    again.emit('open');
    again.emit('message', READY);

    expect(states).toEqual(['ready', 'waiting', 'connecting', 'ready']);
    expect(again.sent).toEqual([
      { type: 'auth', token: 'secret' },
      { type: 'watch_task', task_id: 'task-1' },
      { type: 'watch_batch', batch_id: 'batch-1' },
    ]);
  });

  it('PR8 goes on after a listener that throws', async () => {
    let calls = 0;
    const onFrame = () => {
      calls += 1;
      throw new Error('listener');
    };
    const { first, errors } = openLive({ onFrame });
    const socket = await first;
    await settle();
    socket.emit('message', READY);

    socket.emit('message', SNAPSHOT);
    socket.emit('message', SNAPSHOT);

    expect(calls).toBe(2);
    expect(errors).toHaveLength(2);
  });

  it('passes over what it does not know', async () => {
    const frames: unknown[] = [];
    const { first } = openLive({ onFrame: (frame) => frames.push(frame) });
    const socket = await first;
    await settle();

    socket.emit('message', { type: 'fanfare' });
    socket.emit('message', 42);
    socket.emit('message', { type: 'frame', frame: { kind: 'fanfare' } });
    socket.emit('message', SNAPSHOT);

    expect(frames).toEqual([SNAPSHOT.frame]);
  });

  it('stays away for good when its token is refused', async () => {
    const codes: string[] = [];
    const { live, first } = openLive({ onError: (error) => codes.push(error.code) });
    const socket = await first;
    await settle();

    socket.emit('message', { type: 'error', error: { code: 'UNAUTHORIZED', message: 'no' } });

    expect(live.state).toBe('closed');
    expect(codes).toEqual(['UNAUTHORIZED']);
  });
});
