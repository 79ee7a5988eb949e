import type { HttpRequest, HttpResponse, HttpTransport } from '../src/http/http-transport.ts';
import type { SocketDialer, SocketHandlers, SocketLike } from '../src/socket/socket-dialer.ts';

/** A transport whose responses the test defines: text and status by method and path. */
export function createFakeTransport(
  answer: (call: string, request: HttpRequest) => Promise<{ status: number; text: string }>,
): HttpTransport & { calls: string[] } {
  const calls: string[] = [];
  return {
    calls,
    request: async (request): Promise<HttpResponse> => {
      const call = `${request.method} ${new URL(request.url).pathname}`;
      calls.push(call);
      const { status, text } = await answer(call, request);
      return {
        status,
        headers: {},
        text: async () => text,
        body: (async function* () {
          yield Buffer.from(text);
        })(),
      };
    },
  };
}

/** A socket that the test opens, feeds and closes. */
export interface FakeSocket extends SocketLike {
  url: string;
  handlers: SocketHandlers;
}

/** A dialer for such sockets; `autoOpen` opens each at once. */
export function createFakeDialer(): SocketDialer & { sockets: FakeSocket[] } {
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
    dial: (url) => {
      const socket: FakeSocket = {
        url,
        handlers: nobody,
        listen: (handlers) => {
          socket.handlers = handlers;
          queueMicrotask(() => handlers.onOpen());
        },
        send: () => undefined,
        close: () => socket.handlers.onClose({ code: 1000, reason: '', clean: true }),
        terminate: () => socket.handlers.onClose({ code: 1006, reason: '', clean: false }),
      };
      sockets.push(socket);
      return socket;
    },
  };
}
