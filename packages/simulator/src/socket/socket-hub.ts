import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { FaultScript } from '../faults/fault-script.ts';
import { isObject, parseJson, writeString } from '../json/lossless-json.ts';
import type { Ledger } from '../ledger.ts';
import type { Clock } from '../platform/clock.ts';
import { hasHeldFrame, shapeFrames } from './shape-frames.ts';

/** A frame to send: `target` is a client id, undefined means every socket. */
export interface Frame {
  readonly type: string;
  readonly data: string | Buffer;
  readonly target: string | undefined;
  readonly promptId?: string;
}

/** One connected socket. `mute`: sends and answers nothing any more (half-open). */
export interface Peer {
  readonly sid: string;
  readonly socket: WebSocket;
  readonly raw: Socket;
  isMute: boolean;
  supportsMetadata: boolean;
}

const STALL_BYTES = 4 * 1024 * 1024;

/** The server's sockets and its one FIFO of messages (protocol 5). */
export class SocketHub {
  private readonly registered = new Map<string, Peer>();
  private readonly all = new Set<Peer>();
  private readonly corked = new Set<Socket>();
  private waiting: Frame[] = [];
  private blockedBy: Peer | undefined;
  private isStalled = false;
  private readonly deps: { readonly faults: FaultScript; readonly ledger: Ledger; readonly clock: Clock };

  constructor(deps: { readonly faults: FaultScript; readonly ledger: Ledger; readonly clock: Clock }) {
    this.deps = deps;
  }

  /** Registers a new socket. An older one with the same id stays open, as in ComfyUI (5.2). */
  accept(socket: WebSocket, raw: Socket, clientId: string, onConnect: (peer: Peer) => void): void {
    const sid = clientId === '' ? randomBytes(16).toString('hex') : clientId;
    const peer: Peer = { sid, socket, raw, isMute: false, supportsMetadata: false };
    this.registered.set(sid, peer);
    this.all.add(peer);
    this.deps.ledger.append('socket_upgrade', { sid });
    let isFirst = true;
    socket.on('message', (data, isBinary) => {
      if (isBinary || !Buffer.isBuffer(data)) return;
      if (isFirst) this.readFlags(peer, data.toString('utf8'), onConnect);
      isFirst = false;
    });
    socket.on('close', () => {
      this.all.delete(peer);
      this.registered.delete(sid); // a bug of ComfyUI: this also removes the newer socket's registration
      this.deps.ledger.append('socket_closed', { sid });
      this.unblock(peer);
    });
    socket.on('error', () => undefined); // a reset is followed by close
  }

  isMetadataSupported(clientId: string | undefined): boolean {
    return clientId !== undefined && this.registered.get(clientId)?.supportsMetadata === true;
  }

  /** Queues a message for the FIFO. */
  send(frame: Frame): void {
    if (this.deps.faults.isEmpty() && !hasHeldFrame(this.deps.faults)) {
      this.enqueue(frame);
      return;
    }
    for (const shaped of shapeFrames(frame, this.deps.faults, this.deps.clock, (late) =>
      this.enqueue(late),
    )) {
      this.enqueue(shaped);
    }
  }

  /** Sends outside the FIFO, as ComfyUI does at connect time. */
  sendDirect(peer: Peer, data: string): void {
    this.write(peer, data);
  }

  peers(): readonly Peer[] {
    return [...this.all];
  }

  /** Drops registrations: the sockets stay open and answer pings, but receive nothing more. */
  deafen(): void {
    this.registered.clear();
  }

  private enqueue(frame: Frame): void {
    if (this.waiting.length > 0 || this.blockedBy !== undefined || this.isStalled) {
      this.waiting.push(frame);
      return;
    }
    if (!this.deps.faults.isEmpty() && this.deps.faults.peek('ws_stall') !== undefined) {
      this.waiting.push(frame);
      void this.holdWhileStalled();
      return;
    }
    this.deliver(frame);
  }

  private async holdWhileStalled(): Promise<void> {
    this.isStalled = true;
    await this.deps.faults.waitWhile('ws_stall');
    this.isStalled = false;
    this.drain();
  }

  private drain(): void {
    while (this.waiting.length > 0 && this.blockedBy === undefined && !this.isStalled) {
      const [next, ...rest] = this.waiting;
      this.waiting = rest;
      if (next !== undefined) this.deliver(next);
    }
  }

  private deliver(frame: Frame): void {
    if (frame.target !== undefined) {
      const peer = this.registered.get(frame.target);
      if (peer !== undefined) this.write(peer, frame.data);
      return;
    }
    for (const peer of this.registered.values()) this.write(peer, frame.data);
  }

  private write(peer: Peer, data: string | Buffer): void {
    if (peer.isMute || peer.socket.readyState !== peer.socket.OPEN) return;
    this.corkUntilTurnEnds(peer.raw);
    peer.socket.send(data, { binary: typeof data !== 'string' });
    if (peer.raw.writableLength > STALL_BYTES && this.blockedBy === undefined) this.blockOn(peer);
  }

  /** Sends all frames of one turn of the event loop in one write. */
  private corkUntilTurnEnds(raw: Socket): void {
    if (this.corked.has(raw)) return;
    this.corked.add(raw);
    raw.cork();
    void this.deps.clock.sleep(0).then(() => {
      this.corked.delete(raw);
      raw.uncork();
    });
  }

  /** Head-of-line blocking: a client that does not read blocks all others (5.6). */
  private blockOn(peer: Peer): void {
    this.blockedBy = peer;
    peer.raw.once('drain', () => this.unblock(peer));
  }

  private unblock(peer: Peer): void {
    if (this.blockedBy !== peer) return;
    this.blockedBy = undefined;
    this.drain();
  }

  private readFlags(peer: Peer, text: string, onFlags: (peer: Peer) => void): void {
    let message: ReturnType<typeof parseJson>;
    try {
      message = parseJson(text);
    } catch {
      return; // ComfyUI ignores text that is not JSON
    }
    if (!isObject(message) || message.get('type') !== 'feature_flags') return;
    const flags = message.get('data');
    peer.supportsMetadata = isObject(flags) && flags.get('supports_preview_metadata') === true;
    onFlags(peer);
  }
}

/** `{"type": …, "data": …}` with data that already is JSON text. */
export function writeMessage(type: string, dataJson: string): string {
  return `{"type": ${writeString(type)}, "data": ${dataJson}}`;
}
