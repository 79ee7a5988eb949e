import type { IncomingHttpHeaders, IncomingMessage, Server } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { readNumber, readText } from '../faults/fault-script.ts';
import { isAdmitted } from '../http/origin.ts';
import type { ServerState } from '../http/server-state.ts';
import { describeFeatures } from '../http/system-info.ts';
import { writeString } from '../json/lossless-json.ts';
import { isSince } from '../profile.ts';
import { writeMessage } from './socket-hub.ts';

const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

/** Accepts or refuses WebSocket upgrades, and sends the first messages as ComfyUI does (protocol 5.1). */
export class Upgrades {
  private readonly state: ServerState;
  private readonly webSockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
  });

  constructor(state: ServerState) {
    this.state = state;
  }

  attach(server: Server): void {
    server.on('upgrade', (request, duplex, head) => this.accept(request, duplex, head));
  }

  close(): void {
    this.webSockets.close();
  }

  private accept(request: IncomingMessage, duplex: Duplex, head: Buffer): void {
    const [path = '', search = ''] = (request.url ?? '').split('?');
    duplex.on('error', () => undefined); // Node closes a reset socket itself
    const refusal = this.refuse(path, request.headers);
    if (refusal !== undefined) {
      duplex.end(
        refusal === 0
          ? undefined
          : `HTTP/1.1 ${refusal} Refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
      );
      return;
    }
    const { hub, options } = this.state;
    this.webSockets.handleUpgrade(request, duplex, head, (socket) => {
      if (!(duplex instanceof Socket)) return socket.terminate();
      const clientId = new URLSearchParams(search).get('clientId') ?? '';
      hub.accept(socket, duplex, clientId, (peer) => {
        if (isSince(options.version, '0.3.64'))
          hub.sendDirect(peer, writeMessage('feature_flags', describeFeatures(this.state)));
      });
      this.greet(clientId);
    });
  }

  /** Status code of a refused upgrade, 0 to close without a response; undefined if allowed. */
  private refuse(path: string, headers: IncomingHttpHeaders): number | undefined {
    if (path !== '/ws' && path !== '/api/ws') return 404;
    if (!isAdmitted(headers, this.state.options)) return 403;
    const refused = this.state.faults.take('ws_refuse');
    return refused === undefined
      ? undefined
      : readNumber(refused, 'status', readText(refused, 'kind', '') === 'close' ? 0 : 500);
  }

  private greet(clientId: string): void {
    const { hub, queue, worker } = this.state;
    const peer = hub.peers().at(-1);
    if (peer === undefined) return;
    const status = `{"status": ${writeQueueInfo(queue.remaining())}, "sid": ${writeString(peer.sid)}}`;
    hub.sendDirect(peer, writeMessage('status', status));
    const node = clientId === '' ? undefined : worker.currentNodeOf(clientId);
    if (node !== undefined) hub.sendDirect(peer, writeMessage('executing', `{"node": ${writeString(node)}}`));
  }
}

/** The data of every `status` message. */
export function writeQueueInfo(remaining: number): string {
  return `{"exec_info": {"queue_remaining": ${remaining}}}`;
}
