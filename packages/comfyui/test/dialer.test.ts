import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type WebSocket as ServerSocket, WebSocket, WebSocketServer } from 'ws';
import {
  ComfySocket,
  createBrowserDialer,
  createNodeDialer,
  type SocketDialer,
  type SocketMessage,
  systemClock,
} from '../src/node.ts';

let server: Server | undefined;
let socket: ComfySocket | undefined;
afterEach(async () => {
  await socket?.stop();
  server?.closeAllConnections();
  server?.close();
});

/** A real WebSocket server on a free loopback port; `serve` gets each connection. */
async function open(
  serve: (peer: ServerSocket, headers: Record<string, unknown>, path: string) => void,
  dialer: SocketDialer = createNodeDialer(),
) {
  const http = createServer();
  const peers = new WebSocketServer({ server: http });
  peers.on('connection', (peer, request) => serve(peer, request.headers, request.url ?? ''));
  await new Promise<void>((resolve) => {
    http.listen(0, '127.0.0.1', resolve);
  });
  server = http;
  const { port } = http.address() as AddressInfo;
  let ids = 0;
  socket = new ComfySocket({
    baseUrl: `http://127.0.0.1:${port}`,
    dialer,
    clock: systemClock,
    random: () => 0,
    createId: () => {
      ids += 1;
      return `socket-${ids}`;
    },
  });
  return socket;
}

const TERMINAL = JSON.stringify({ type: 'execution_success', data: { prompt_id: 'p' } });

function waitFor(from: ComfySocket, type: SocketMessage['type']): Promise<SocketMessage> {
  return new Promise((resolve) => {
    from.onMessage((message) => {
      if (message.type === type) resolve(message);
    });
  });
}

describe('the Node dialer on a real server', () => {
  it('sends feature flags first, no Origin, no compression', async () => {
    const seen = new Promise<{ headers: Record<string, unknown>; path: string; first: string }>((resolve) => {
      void open((peer, headers, path) => {
        peer.once('message', (data) => resolve({ headers, path, first: String(data) }));
      }).then((opened) => opened.start());
    });
    const { headers, path, first } = await seen;
    expect(path).toBe('/ws?clientId=socket-1');
    expect(headers['origin']).toBeUndefined();
    expect(headers['sec-websocket-extensions']).toBeUndefined();
    expect(JSON.parse(first)).toEqual({ type: 'feature_flags', data: { supports_preview_metadata: true } });
  });

  it('B1 B2 a connection closed by the server comes back under the same id, a reset one under a fresh id', async () => {
    const paths: string[] = [];
    const third = new Promise<void>((resolve) => {
      void open((peer, _headers, path) => {
        paths.push(path);
        if (paths.length === 1) peer.close(1001);
        else if (paths.length === 2) peer.terminate();
        else resolve();
      }).then((opened) => opened.start());
    });
    await third;
    expect(paths).toEqual(['/ws?clientId=socket-1', '/ws?clientId=socket-1', '/ws?clientId=socket-2']);
  });

  it('B9 a flood of previews and rubbish delays the end by less than 250 ms and keeps the connection', async () => {
    const preview = Buffer.alloc(500_000, 7);
    preview.writeUInt32BE(1, 0);
    preview.writeUInt32BE(1, 4);
    let sentMs = 0;
    const opened = await open((peer) => {
      for (let frame = 0; frame < 40; frame += 1) peer.send(preview);
      peer.send('{not json');
      peer.send(Buffer.from([0, 0]));
      peer.send(JSON.stringify({ type: 'something.else', data: null }));
      peer.send(TERMINAL, () => {
        sentMs = performance.now();
      });
    });
    let previews = 0;
    opened.onBinary(() => {
      previews += 1;
    });
    const end = waitFor(opened, 'execution_success');
    opened.start();
    await end;
    expect(performance.now() - sentMs).toBeLessThan(250);
    expect([previews, opened.badFrames, opened.upgrades, opened.state.phase]).toEqual([40, 2, 1, 'open']);
  });
});

/** A WebSocket as in browsers: it takes an address but no options. */
class PageSocket extends WebSocket {
  constructor(url: string) {
    super(url);
  }
}

describe('the browser dialer', () => {
  it('reads texts and previews through the standard WebSocket', async () => {
    const opened = await open((peer) => {
      peer.send(Buffer.from([0, 0, 0, 1, 0, 0, 0, 2, 9]));
      peer.send(TERMINAL);
    }, createBrowserDialer(PageSocket));
    const frames: string[] = [];
    opened.onBinary((frame) =>
      frames.push(frame.event === 1 ? `${frame.mimeType} ${frame.image.length}` : 'other'),
    );
    const end = waitFor(opened, 'execution_success');
    opened.start();
    await end;
    expect(frames).toEqual(['image/png 1']);
  });
});
