import type { TlsTrust } from '../http/http-transport.ts';

/** Events of a socket; `onClose` comes exactly once, even after a failed dial. */
export interface SocketHandlers {
  onOpen(): void;
  onText(text: string): void;
  onBinary(bytes: Uint8Array): void;
  /** A text frame was too large to be read. */
  onDropped?(): void;
  onPong?(): void;
  /** `clean` is true only when the closing handshake finished. */
  onClose(end: { code: number; reason: string; clean: boolean }): void;
  onError(error: Error): void;
}

/** A WebSocket of any library. `ping` is missing on platforms without it (browsers). */
export interface SocketLike {
  listen(handlers: SocketHandlers): void;
  send(text: string): void;
  ping?(): void;
  /** Starts the closing handshake. */
  close(code?: number, reason?: string): void;
  /** Drops the connection at once. */
  terminate(): void;
  /** Stops reading until `resume`, so that the peer has to wait. Missing on platforms without it (browsers). */
  pause?(): void;
  resume?(): void;
}

/** Opens sockets; the caller calls `listen` before any event can arrive. */
export interface SocketDialer {
  dial(url: string, headers?: Record<string, string>, tls?: TlsTrust): SocketLike;
}
