import { ComfleetError } from '../errors.ts';

/** The part of a WebSocket that is used here; the browser's and that of `ws` both have it. */
export interface SocketLike {
  addEventListener(type: 'open' | 'close' | 'error', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
  send(text: string): void;
  close(): void;
}

/** Starts to open a socket. */
export type OpenSocket = (url: string) => Promise<SocketLike> | SocketLike;

type SocketClass = new (url: string) => SocketLike;

/**
 * The platform's own WebSocket, or the package `ws` where there is none (Node 20). Throws ComfleetError NO_WEBSOCKET
 * when neither is there.
 */
export const openPlatformSocket: OpenSocket = async (url) => {
  const own = (globalThis as { WebSocket?: SocketClass }).WebSocket;
  const Socket = own ?? (await loadWs());
  return new Socket(url);
};

async function loadWs(): Promise<SocketClass> {
  const name = 'ws'; // in a variable: bundlers for browsers must not follow it
  try {
    const module = (await import(/* @vite-ignore */ name)) as { WebSocket: SocketClass };
    return module.WebSocket;
  } catch (cause) {
    throw new ComfleetError(
      'NO_WEBSOCKET',
      'This platform has no WebSocket; install the package ws, or pass openSocket.',
      { cause },
    );
  }
}
