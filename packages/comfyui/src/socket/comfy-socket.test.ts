import { FakeClock } from '@comfleet/test-kit';
import { describe, expect, it } from 'vitest';
import { ComfySocket } from './comfy-socket.ts';
import type { SocketDialer, SocketHandlers, SocketLike } from './socket-dialer.ts';
import type { SocketMessage } from './socket-message.ts';

interface FakeSocket extends SocketLike {
  url: string;
  handlers: SocketHandlers;
  sent: string[];
  pings: number;
  ended: string[];
}

/** A dialer whose sockets the test opens, feeds and closes. */
function createFakeDialer(): SocketDialer & { sockets: FakeSocket[]; last(): FakeSocket } {
  const sockets: FakeSocket[] = [];
  const nobody: SocketHandlers = {
    onOpen: () => undefined,
    onText: () => undefined,
    onBinary: () => undefined,
    onClose: () => undefined,
    onError: () => undefined,
  };
  return {
    sockets,
    last: () => {
      const socket = sockets.at(-1);
      if (socket === undefined) throw new Error('nothing dialled');
      return socket;
    },
    dial: (url) => {
      const socket: FakeSocket = {
        url,
        handlers: nobody,
        sent: [],
        pings: 0,
        ended: [],
        listen: (handlers) => {
          socket.handlers = handlers;
        },
        send: (text) => socket.sent.push(text),
        ping: () => {
          socket.pings += 1;
        },
        close: () => socket.ended.push('close'),
        terminate: () => {
          socket.ended.push('terminate');
          socket.handlers.onClose({ code: 1006, reason: '', clean: false });
        },
      };
      sockets.push(socket);
      return socket;
    },
  };
}

function open() {
  const dialled = dial();
  dialled.dialer.last().handlers.onOpen();
  return dialled;
}

function dial(options: { waitsForNews?: boolean } = {}) {
  const clock = new FakeClock();
  const dialer = createFakeDialer();
  let ids = 0;
  const createId = () => {
    ids += 1;
    return `id-${ids}`;
  };
  const socket = new ComfySocket({
    baseUrl: 'http://worker:8188/',
    dialer,
    clock,
    random: () => 1,
    createId,
    ...options,
  });
  socket.start();
  return { clock, dialer, socket };
}

const STATUS = '{"type":"status","data":{"status":{"exec_info":{"queue_remaining":1}}}}';
const clean = { code: 1000, reason: '', clean: true };
const broken = { code: 1006, reason: '', clean: false };

describe('connecting', () => {
  it('dials once, sends its feature flags first', () => {
    const { dialer, socket } = open();
    socket.start();
    expect(dialer.sockets.map((s) => s.url)).toEqual(['ws://worker:8188/ws?clientId=id-1']);
    expect(dialer.last().sent).toEqual([
      '{"type":"feature_flags","data":{"supports_preview_metadata":true}}',
    ]);
    expect([socket.state.phase, socket.upgrades]).toEqual(['open', 1]);
  });

  it('CD18 after a clean close the socket id is used again, after any other end a fresh one', () => {
    const { clock, dialer, socket } = open();
    dialer.last().handlers.onClose(clean);
    clock.advance(200);
    dialer.last().handlers.onOpen();
    dialer.last().handlers.onClose(broken);
    clock.advance(200);
    expect(dialer.sockets.map((s) => s.url.split('=')[1])).toEqual(['id-1', 'id-1', 'id-2']);
    expect(socket.socketId).toBe('id-2');
  });

  it('CD18 attempts wait 0.2, 0.4, 0.8, 1.6, 3.2, 5, 5 s', () => {
    const { clock, dialer, socket } = open();
    const waits: number[] = [];
    socket.onState((state) => {
      if (state.phase === 'waiting') waits.push(state.retryInMs);
    });
    dialer.last().handlers.onClose(broken);
    for (let attempt = 0; attempt < 6; attempt += 1) {
      clock.advance(5000);
      dialer.last().handlers.onClose(broken);
    }
    expect(waits).toEqual([200, 200, 400, 800, 1600, 3200, 5000]);
  });

  it('one whose owner watches the server tries seldom until that has answered, and at once when told so', () => {
    const { clock, dialer, socket } = dial({ waitsForNews: true });
    const waits: number[] = [];
    socket.onState((state) => {
      if (state.phase === 'waiting') waits.push(state.retryInMs);
    });
    dialer.last().handlers.onClose(broken);
    socket.retryNow();
    expect(dialer.sockets).toHaveLength(2);
    dialer.last().handlers.onClose(broken);
    clock.advance(5000);
    dialer.last().handlers.onOpen();
    dialer.last().handlers.onClose(broken);
    expect(waits).toEqual([5000, 5000, 200]);
  });

  it('a stopped socket stays closed and leaves no timer', async () => {
    const { clock, dialer, socket } = open();
    const stopped = socket.stop();
    dialer.last().handlers.onClose(clean);
    await stopped;
    await socket.stop();
    clock.advance(60_000);
    expect([dialer.sockets.length, clock.pending, socket.state.phase]).toEqual([1, 0, 'stopped']);
  });

  it('stopping does not wait for a peer that never answers', async () => {
    const { clock, dialer, socket } = open();
    const stopped = socket.stop();
    clock.advance(1000);
    await stopped;
    expect(dialer.last().ended).toEqual(['close', 'terminate']);
  });
});

describe('a dead or deaf peer', () => {
  it('CD20 a missing pong drops the connection after 5 s', () => {
    const { clock, dialer, socket } = open();
    clock.advance(5000);
    expect(dialer.last().pings).toBe(1);
    dialer.last().handlers.onPong?.();
    clock.advance(5000);
    expect(dialer.last().ended).toEqual([]);
    clock.advance(5000);
    expect(dialer.sockets[0]?.ended).toEqual(['terminate']);
    expect(socket.state.phase).toBe('waiting');
  });

  it('B4 no status within 3 s after an accepted prompt reopens with a handshake, under the same id', () => {
    const { clock, dialer, socket } = open();
    const watch = socket.expectStatus();
    watch.accepted();
    clock.advance(2999);
    expect(dialer.last().ended).toEqual([]);
    clock.advance(1);
    expect(dialer.last().ended).toEqual(['close']);
    dialer.last().handlers.onClose(clean);
    clock.advance(200);
    expect(dialer.last().url).toBe('ws://worker:8188/ws?clientId=id-1');
  });

  it('a status that came before or after the answer to the POST proves that the socket hears', () => {
    const { clock, dialer, socket } = open();
    const before = socket.expectStatus();
    dialer.last().handlers.onText(STATUS);
    before.accepted();
    const after = socket.expectStatus();
    after.accepted();
    dialer.last().handlers.onText(STATUS);
    socket.expectStatus().cancel();
    clock.advance(4000);
    expect(dialer.last().ended).toEqual([]);
  });
});

describe('frames', () => {
  it('B9 bad frames and failing listeners are counted and stop nobody', () => {
    const { dialer, socket } = open();
    const seen: SocketMessage[] = [];
    const problems: string[] = [];
    socket.onProblem((problem) => problems.push(problem.kind));
    socket.onMessage(() => {
      throw new Error('a bug of a listener');
    });
    socket.onMessage((message) => seen.push(message));
    const { handlers } = dialer.last();
    handlers.onText('{nonsense');
    handlers.onBinary(new Uint8Array([1, 2, 3]));
    handlers.onText('{"type":"unknown.type"}');
    handlers.onText(STATUS);
    expect(seen.map((message) => message.type)).toEqual(['other', 'status']);
    expect(socket.badFrames).toBe(2);
    expect(problems).toEqual(['bad_frame', 'bad_frame', 'listener_failed', 'listener_failed']);
  });

  it('a removed listener hears nothing more', () => {
    const { dialer, socket } = open();
    let heard = 0;
    const remove = socket.onMessage(() => {
      heard += 1;
    });
    dialer.last().handlers.onText(STATUS);
    remove();
    dialer.last().handlers.onText(STATUS);
    expect(heard).toBe(1);
  });

  it('frames of a replaced connection are dropped', () => {
    const { clock, dialer, socket } = open();
    const old = dialer.last();
    let heard = 0;
    socket.onMessage(() => {
      heard += 1;
    });
    old.handlers.onClose(broken);
    clock.advance(200);
    old.handlers.onText(STATUS);
    expect(heard).toBe(0);
  });
});

describe('waiting until open', () => {
  it('resolves on open and rejects when aborted', async () => {
    const { clock, dialer, socket } = open();
    await socket.whenOpen();
    dialer.last().handlers.onClose(clean);
    const controller = new AbortController();
    const aborted = expect(socket.whenOpen(controller.signal)).rejects.toThrow('enough');
    controller.abort(new Error('enough'));
    await aborted;
    const opened = socket.whenOpen();
    clock.advance(200);
    dialer.last().handlers.onOpen();
    await opened;
  });
});
