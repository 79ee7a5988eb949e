import type { TlsTrust } from '../http/http-transport.ts';

/** What a socket tells; `onClose` comes exactly once, also after a failed dial. */
export interface SocketHandlers {
  onOpen(): void;
  onText(text: string): void;
  onBinary(bytes: Uint8Array): void;
  /** A text frame too large to be read. */
  onDropped?(): void;
  onPong?(): void;
  /** `clean` is true only when the closing handshake finished. */
  onClose(end: { code: number; reason: string; clean: boolean }): void;
  onError(error: Error): void;
}

/** One WebSocket of whatever library. `ping` is missing where the platform has none (browsers). */
export interface SocketLike {
  listen(handlers: SocketHandlers): void;
  send(text: string): void;
  ping?(): void;
  /** Starts the closing handshake. */
  close(code?: number, reason?: string): void;
  /** Drops the connection at once. */
  terminate(): void;
  /** Reads nothing until `resume`: the peer has to wait. Missing where the platform cannot (browsers). */
  pause?(): void;
  resume?(): void;
}

/** Opens sockets; the caller calls `listen` before any event can arrive. */
export interface SocketDialer {
  dial(url: string, headers?: Record<string, string>, tls?: TlsTrust): SocketLike;
}
