import { createServer as createHttpServer } from 'node:http';
import { createServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { type Certificate, createCertificate } from '@comfleet/test-kit';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { ComfyError, createNodeDialer, createNodeTransport, type TlsTrust } from '../src/node.ts';

const HOUR_MS = 3_600_000;
const authority = createCertificate({ name: 'studio authority', isAuthority: true });
const good = createCertificate({ name: 'gpu', hosts: ['127.0.0.1'], issuer: authority });
const selfSigned = createCertificate({ name: 'alone', hosts: ['127.0.0.1'] });

const transport = createNodeTransport();
const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  open.push({ close: () => new Promise((resolve) => server.close(resolve)) });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function serve({ cert, key }: Certificate): Promise<string> {
  const options: ServerOptions = { cert, key };
  const server = createServer(options, (_request, response) => response.end('{"here":true}'));
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => socket.send('hello'));
  return listen(server);
}

async function ask(host: string, tls?: TlsTrust): Promise<string> {
  const request = { method: 'GET', url: `https://${host}/`, timeoutMs: 5000 } as const;
  const answer = await transport.request(tls === undefined ? request : { ...request, tls });
  return answer.text();
}

function hearFirst(host: string, tls?: TlsTrust): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createNodeDialer().dial(`wss://${host}/ws`, {}, tls);
    socket.listen({
      onOpen: () => undefined,
      onText: (text) => {
        socket.terminate();
        resolve(text);
      },
      onBinary: () => undefined,
      onClose: () => undefined,
      onError: reject,
    });
  });
}

const refused: [string, Certificate, TlsTrust, object][] = [
  ['a self-signed certificate', selfSigned, {}, { problem: 'self_signed' }],
  ['one of an authority that is not known here', good, {}, { problem: 'unknown_issuer' }],
  [
    'one of another authority than the given one',
    good,
    { ca: selfSigned.cert },
    { problem: 'unknown_issuer' },
  ],
  [
    'one that has expired',
    createCertificate({
      name: 'old',
      hosts: ['127.0.0.1'],
      issuer: authority,
      notBeforeMs: Date.now() - 48 * HOUR_MS,
      notAfterMs: Date.now() - 24 * HOUR_MS,
    }),
    { ca: authority.cert },
    { problem: 'expired' },
  ],
  [
    'one that is not valid yet',
    createCertificate({
      name: 'early',
      hosts: ['127.0.0.1'],
      issuer: authority,
      notBeforeMs: Date.now() + 24 * HOUR_MS,
      notAfterMs: Date.now() + 48 * HOUR_MS,
    }),
    { ca: authority.cert },
    { problem: 'not_yet_valid' },
  ],
  [
    'one for another name',
    createCertificate({ name: 'other', hosts: ['gpu-7.studio.lan', '10.0.0.7'], issuer: authority }),
    { ca: authority.cert },
    { problem: 'wrong_name', names: 'DNS:gpu-7.studio.lan, IP Address:10.0.0.7' },
  ],
];

describe('a server that speaks TLS', () => {
  it.each(refused)(
    '%s is refused by its name, and nothing was sent',
    async (_what, certificate, tls, fault) => {
      const host = await serve(certificate);

      const error = await ask(host, tls).catch((thrown: unknown) => thrown);

      expect(error).toBeInstanceOf(ComfyError);
      expect(error).toMatchObject({ code: 'CONNECTION_REFUSED', details: { certificate: fault } });
      await expect(hearFirst(host, tls)).rejects.toThrow();
    },
  );

  it.each([
    ['its authority is given', good, { ca: authority.cert }],
    ['the certificate itself is given', selfSigned, { ca: selfSigned.cert }],
    ['every certificate is accepted', selfSigned, { verify: false }],
  ])('answers and opens its socket when %s', async (_what, certificate, tls) => {
    const host = await serve(certificate);

    expect(await ask(host, tls)).toBe('{"here":true}');
    expect(await hearFirst(host, tls)).toBe('hello');
  });

  it('trust in one server is not trust in the next request', async () => {
    const host = await serve(selfSigned);

    expect(await ask(host, { verify: false })).toBe('{"here":true}');
    await expect(ask(host)).rejects.toMatchObject({ details: { certificate: { problem: 'self_signed' } } });
  });

  it('plain http on the port is reported as such', async () => {
    const host = await listen(createHttpServer((_request, response) => response.end('{}')));

    await expect(ask(host)).rejects.toMatchObject({ details: { certificate: { problem: 'no_tls' } } });
  });
});
