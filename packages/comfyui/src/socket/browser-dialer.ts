import type { SocketDialer, SocketHandlers, SocketLike } from './socket-dialer.ts';

/** The part of the browser's WebSocket that the dialer uses. */
export interface WebSocketLike {
  binaryType: string;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

/** Dials sockets in browsers, which have no ping and no headers: only polling notices a half-open connection. */
export function createBrowserDialer(WebSocket: new (url: string) => WebSocketLike): SocketDialer {
  return { dial: (url) => wrap(new WebSocket(url)) };
}

function wrap(socket: WebSocketLike): SocketLike {
  socket.binaryType = 'arraybuffer';
  return {
    listen: (handlers) => listen(socket, handlers),
    send: (text) => socket.send(text),
    close: (code, reason) => socket.close(code, reason),
    terminate: () => socket.close(),
  };
}

function listen(socket: WebSocketLike, handlers: SocketHandlers): void {
  socket.onopen = () => handlers.onOpen();
  socket.onmessage = (event: { data: unknown }) => {
    if (typeof event.data === 'string') handlers.onText(event.data);
    else if (event.data instanceof ArrayBuffer) handlers.onBinary(new Uint8Array(event.data));
  };
  socket.onerror = () => handlers.onError(new Error('The WebSocket failed'));
  socket.onclose = (event: { code: number; reason: string; wasClean: boolean }) =>
    handlers.onClose({ code: event.code, reason: event.reason, clean: event.wasClean });
}
