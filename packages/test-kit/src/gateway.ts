import {
  createServer as createHttpServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
  request as sendRequest,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Certificate } from './certificate.ts';

export interface GatewayOptions {
  /** Where it forwards requests: `http://host:port`. */
  target: string;
  /** Serves TLS with it; plain http without. */
  certificate?: Certificate;
  /** Path prefix of the target, such as `/comfy`. */
  path?: string;
}

/** The response of a gateway that refuses a request. */
export interface GatewayResponse {
  status: number;
  headers?: OutgoingHttpHeaders;
  body?: string;
}

/** A reverse proxy on a free loopback port, as in front of a ComfyUI. `refuse` decides for each request and upgrade. */
export interface Gateway {
  readonly url: string;
  /** Host and port. */
  readonly host: string;
  refuse: (headers: IncomingMessage['headers'], path: string) => GatewayResponse | null;
  /** Received requests: method, path and whether they were forwarded. */
  readonly seen: { method: string; path: string; passed: boolean }[];
  /** Cuts every connection. */
  cut(): void;
  close(): Promise<void>;
}

/** Refuses requests without this `authorization`, with 401 as proxies do. */
export function demandAuthorization(authorization: string): Gateway['refuse'] {
  const headers = { 'www-authenticate': 'Basic realm="studio"', 'content-type': 'text/html' };
  const body = '<html><head><title>401 Authorization Required</title></head></html>';
  return (got) => (got.authorization === authorization ? null : { status: 401, headers, body });
}

export async function openGateway({ target, certificate, path = '' }: GatewayOptions): Promise<Gateway> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Duplex>();
  const check = ({ method = '', headers, url = '' }: IncomingMessage): GatewayResponse | null => {
    const refusal = url.startsWith(`${path}/`)
      ? gateway.refuse(headers, url)
      : { status: 404, body: 'not here' };
    gateway.seen.push({ method, path: url, passed: refusal === null });
    return refusal;
  };
  const pass = (message: IncomingMessage, response: ServerResponse): void => {
    const refusal = check(message);
    if (refusal !== null) {
      message.resume();
      response.writeHead(refusal.status, refusal.headers).end(refusal.body);
      return;
    }
    const { method, headers, url = '' } = message;
    const onward = sendRequest(
      { hostname, port, method, headers, path: url.slice(path.length) },
      (incoming) => {
        response.writeHead(incoming.statusCode ?? 502, incoming.headers);
        incoming.pipe(response);
      },
    );
    onward.on('error', () => (response.headersSent ? response.destroy() : response.writeHead(502).end()));
    response.on('close', () => onward.destroy());
    message.pipe(onward);
  };
  const upgrade = (message: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on('error', () => socket.destroy());
    const refusal = check(message);
    if (refusal !== null) {
      socket.end(`HTTP/1.1 ${refusal.status} Refused\r\nconnection: close\r\n\r\n`);
      return;
    }
    const onward = connect(Number(port), hostname, () => {
      const lines = [`GET ${(message.url ?? '').slice(path.length)} HTTP/1.1`];
      for (let i = 0; i < message.rawHeaders.length; i += 2)
        lines.push(`${message.rawHeaders[i]}: ${message.rawHeaders[i + 1]}`);
      onward.write(`${lines.join('\r\n')}\r\n\r\n`);
      onward.write(head);
      onward.pipe(socket).pipe(onward);
    });
    onward.on('error', () => socket.destroy());
    socket.on('close', () => onward.destroy());
    onward.on('close', () => socket.destroy());
  };
  const server = certificate
    ? createHttpsServer({ cert: certificate.cert, key: certificate.key }, pass)
    : createHttpServer(pass);
  server.on('upgrade', upgrade);
  server.on(certificate ? 'secureConnection' : 'connection', (socket: Duplex) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const gateway: Gateway = {
    url: `${certificate ? 'https' : 'http'}://${host}${path}`,
    host,
    refuse: () => null,
    seen: [],
    cut,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        cut();
      }),
  };
  return gateway;
}
