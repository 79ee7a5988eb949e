import { MOMENTS, openTcpProxy } from '@comfleet/simulator';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { pictureGraph, SimClient, sleepGraph } from './sim-client.ts';

let client: SimClient;
afterEach(() => client.close());

const CLOSERS = MOMENTS.flatMap((moment) =>
  (['ws_close', 'ws_reset'] as const).map((name) => [name, moment] as const),
);

describe('faults of sockets (B)', () => {
  it.each(CLOSERS)(
    'B1 B2 %s at %s ends the socket, and the prompt still reaches history',
    async (name, moment) => {
      client = await SimClient.open();
      client.simulator.control.set({ name, moment });
      const { id } = await client.post(sleepGraph(0.03));
      await client.waitForMessage((message) => message.type === 'close');
      await client.ended(id);
      await client.connect();
      await client.run(pictureGraph());
      expect((await client.load(`/history/${id}`)).text).toContain('"completed": true');
    },
  );

  it('B1 the moment after_null_before_history lies between marker and history entry', async () => {
    client = await SimClient.open({ historyGapMs: 60 });
    client.simulator.control.set({ name: 'ws_unknown_type', moment: 'after_null_before_history' });
    const { id } = await client.post(pictureGraph());
    await client.waitForEnd(id);
    expect((await client.load(`/history/${id}`)).text).toBe('{}');
    await client.waitForMessage((message) => message.type === 'bad frame');
    expect(client.badFrames[0]).toContain('crystools.monitor');
  });

  it('B3 ws_half_open sends and answers nothing, not even pings', async () => {
    client = await SimClient.open();
    const socket = await client.connect();
    client.simulator.control.set({ name: 'ws_half_open' });
    let hasResponse = false;
    socket.on('pong', () => {
      hasResponse = true;
    });
    socket.ping();
    const { id } = await client.post(pictureGraph());
    await client.ended(id);
    await client.load('/prompt');
    expect(hasResponse).toBe(false);
    expect(client.types().filter((type) => type !== 'status')).toEqual([]);
  });

  it('B3 a black hole in the proxy leaves the socket open and silent', async () => {
    client = await SimClient.open();
    const proxy = await openTcpProxy({ host: '127.0.0.1', port: client.simulator.port });
    const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}/ws?clientId=behind`);
    const first = await new Promise<string>((resolve) =>
      socket.once('message', (data) => resolve(String(data))),
    );
    let frames = 0;
    socket.on('message', () => {
      frames += 1;
    });
    proxy.add({ kind: 'black_hole', direction: 'down' });
    await client.run(pictureGraph());
    expect(first).toContain('"sid": "behind"');
    expect([frames, socket.readyState]).toEqual([0, WebSocket.OPEN]);
    socket.terminate();
    await proxy.close();
  });

  it('B4 ws_deaf answers pings and delivers nothing', async () => {
    client = await SimClient.open();
    const socket = await client.connect();
    client.simulator.control.set({ name: 'ws_deaf' });
    const pong = new Promise((resolve) => socket.once('pong', resolve));
    const before = client.received.length;
    await client.run(pictureGraph());
    socket.ping();
    await pong;
    expect(client.received.length).toBe(before);
  });

  it('B5 ws_stall holds every frame and delivers them in order once cleared', async () => {
    client = await SimClient.open();
    client.simulator.control.set({ name: 'ws_stall' });
    const id = await client.run(pictureGraph());
    await client.load('/prompt');
    const held = client.received.length;
    client.simulator.control.clear('ws_stall');
    await client.waitForEnd(id);
    expect(held).toBe(1);
    expect(client.types().slice(1, 4)).toEqual(['status', 'status', 'execution_start']);
  });

  it.each([500, 403])('B6 ws_refuse answers the upgrade with %i', async (status) => {
    client = await SimClient.open();
    client.simulator.control.set({ name: 'ws_refuse', status });
    await expect(client.connect()).rejects.toThrow(String(status));
    expect((await client.connect()).readyState).toBe(WebSocket.OPEN);
  });

  it('B7 ws_drop loses the end marker alone', async () => {
    client = await SimClient.open();
    client.simulator.control.set({ name: 'ws_drop', frame: 'end_marker' });
    const first = await client.post(pictureGraph());
    const second = await client.post(pictureGraph());
    await client.waitForEnd(second.id);
    const ends = client.received
      .filter((message) => message.data.node === null)
      .map((message) => message.data.prompt_id);
    expect(ends).toEqual([second.id]);
    expect(
      client.received.some(
        (message) => message.type === 'execution_success' && message.data.prompt_id === first.id,
      ),
    ).toBe(true);
  });

  it('B8 ws_reorder swaps a frame with the next one', async () => {
    client = await SimClient.open();
    client.simulator.control.set({ name: 'ws_reorder', frame: 'execution_success' });
    const { id } = await client.post(pictureGraph());
    await client.waitForEnd(id);
    expect(client.types().slice(-3)).toEqual(['status', 'execution_success', 'executing']);
  });

  it('B8 ws_null_without_id sends an end marker that names no prompt', async () => {
    client = await SimClient.open();
    client.simulator.control.set({ name: 'ws_null_without_id' });
    await client.post(pictureGraph());
    const marker = await client.waitForMessage((message) => message.data.node === null);
    expect(marker.data).toEqual({ node: null });
  });

  it('B8 ws_foreign_end tells of a prompt nobody sent', async () => {
    client = await SimClient.open();
    client.simulator.control.set({ name: 'ws_foreign_end', foreign_id: 'foreign' });
    const success = await client.waitForMessage((message) => message.type === 'execution_success');
    expect(success.data).toEqual({ prompt_id: 'foreign', timestamp: 0 });
  });

  it('B9 ws_huge_frame, ws_invalid_json and ws_flood reach the client as they are', async () => {
    client = await SimClient.open();
    client.simulator.control.set({ name: 'ws_huge_frame', bytes: 8 * 1024 * 1024 });
    client.simulator.control.set({ name: 'ws_invalid_json' });
    client.simulator.control.set({ name: 'ws_flood', mb_per_s: 50, ms: 20 });
    const huge = await client.waitForMessage((message) => message.type === 'binary 1');
    await client.waitForMessage((message) => message.type === 'bad frame');
    await client.waitForMessage((message) => message.type === 'binary 1' && message.bytes < 1024 * 1024);
    expect(huge.bytes).toBe(8 * 1024 * 1024);
    expect(client.badFrames).toEqual(['{"type": "progress", "data": {']);
  });

  it('B10 closing the older of two sockets with one id silences the newer one', async () => {
    client = await SimClient.open();
    const older = await client.connect();
    await client.connect();
    const closed = client.simulator.ledger.waitFor((line) => line.event === 'socket_closed');
    older.close();
    await closed;
    const before = client.received.filter((message) => message.type !== 'close').length;
    await client.run(pictureGraph());
    await client.load('/prompt');
    expect(client.received.filter((message) => message.type !== 'close').length).toBe(before);
  });

  it('B11 ws_late_event repeats a terminal frame after the next prompt started', async () => {
    client = await SimClient.open();
    client.simulator.control.set({ name: 'ws_late_event', frame: 'execution_success', ms: 30 });
    const first = await client.post(pictureGraph());
    await client.waitForEnd(first.id);
    const second = await client.post(sleepGraph(0.1));
    await client.waitForEnd(second.id);
    const of = (id: string): number[] =>
      client.received.flatMap((message, index) =>
        message.data.prompt_id === id && /success|start/.test(message.type) ? [index] : [],
      );
    expect(of(first.id)).toHaveLength(3);
    expect((of(first.id)[2] ?? 0) > (of(second.id)[0] ?? 0)).toBe(true);
  });
});
