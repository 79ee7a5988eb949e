import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { openTcpProxy, type TcpProxy } from './tcp-proxy.ts';

const closers: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A server that echoes every chunk, and a proxy in front of it. */
async function openEcho(): Promise<{ proxy: TcpProxy; dial: () => Promise<Socket> }> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const proxy = await openTcpProxy({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
  closers.push(() => new Promise((resolve) => server.close(resolve)));
  closers.push(() => proxy.close());
  const dial = (): Promise<Socket> =>
    new Promise((resolve, reject) => {
      const socket = connect(proxy.port, '127.0.0.1', () => resolve(socket));
      socket.on('error', reject);
      closers.push(() => socket.destroy());
    });
  return { proxy, dial };
}

function readOnce(socket: Socket): Promise<string> {
  return new Promise((resolve) => socket.once('data', (chunk) => resolve(chunk.toString())));
}

describe('openTcpProxy', () => {
  it('passes bytes both ways while nothing is set', async () => {
    const { dial } = await openEcho();
    const socket = await dial();
    socket.write('hello');
    expect(await readOnce(socket)).toBe('hello');
  });

  it('resets open connections', async () => {
    const { proxy, dial } = await openEcho();
    const socket = await dial();
    socket.write('a');
    await readOnce(socket);
    const failed = new Promise<string>((resolve) =>
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? '')),
    );
    proxy.resetAll();
    expect(await failed).toBe('ECONNRESET');
  });

  it('swallows bytes in a black hole and delivers later ones once it is lifted', async () => {
    const { proxy, dial } = await openEcho();
    const socket = await dial();
    socket.write('a');
    await readOnce(socket);
    const lift = proxy.add({ kind: 'black_hole', direction: 'up' });
    await new Promise((resolve) => socket.write('lost', resolve));
    const probe = await dial();
    await new Promise((resolve) => probe.write('also lost', resolve));
    await new Promise((resolve) => setImmediate(resolve));
    lift();
    socket.write('kept');
    expect((await readOnce(socket)).endsWith('kept')).toBe(true);
    expect(proxy.connectionCount()).toBe(2);
  });

  it('cuts a connection after the allowed bytes', async () => {
    const { proxy, dial } = await openEcho();
    proxy.add({ kind: 'limit_data', bytes: 3, direction: 'down', ending: 'close' });
    const socket = await dial();
    socket.write('abcdef');
    expect(await readOnce(socket)).toBe('abc');
    await new Promise((resolve) => socket.once('end', resolve));
  });

  it('flips one bit where asked', async () => {
    const { proxy, dial } = await openEcho();
    proxy.add({ kind: 'mutate', atByte: 1, direction: 'up' });
    const socket = await dial();
    socket.write('abc');
    expect(await readOnce(socket)).toBe('acc');
  });

  it('refuses connections while it is down and takes the same port again', async () => {
    const { proxy, dial } = await openEcho();
    await proxy.goDown();
    await expect(dial()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await proxy.goUp();
    const socket = await dial();
    socket.write('back');
    expect(await readOnce(socket)).toBe('back');
  });
});
