import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A stand-in for any HTTP server, on a free loopback port. */
export interface HttpDouble {
  url: string;
  server: Server;
  /** Requests in order of arrival, bodies read. */
  requests: { method: string; path: string; headers: IncomingMessage['headers']; body: string }[];
  close(): Promise<void>;
}

/** Starts one; `answer` is called with each request once its body is read. */
export async function openHttpDouble(
  respond: (
    request: { method: string; path: string },
    response: ServerResponse,
    message: IncomingMessage,
  ) => void,
): Promise<HttpDouble> {
  const requests: HttpDouble['requests'] = [];
  const server = createServer((message, response) => {
    const chunks: Buffer[] = [];
    message.on('data', (chunk: Buffer) => chunks.push(chunk));
    message.on('end', () => {
      const request = { method: message.method ?? '', path: message.url ?? '' };
      requests.push({ ...request, headers: message.headers, body: Buffer.concat(chunks).toString('utf8') });
      respond(request, response, message);
    });
    message.on('error', () => response.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    server,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
