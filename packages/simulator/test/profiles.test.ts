import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { pictureGraph, SimClient, sleepGraph } from './sim-client.ts';

let client: SimClient;
afterEach(() => client.close());

describe('the old profile', () => {
  it('draws prompt ids itself and sends no progress_state', async () => {
    client = await SimClient.open({ version: 'old' });
    const { id, body } = await client.post(pictureGraph());
    await client.waitForEnd(String(body.prompt_id));
    expect(body.prompt_id).not.toBe(id);
    expect(client.types()).not.toContain('progress_state');
  });

  it('takes any interrupt for the running prompt', async () => {
    client = await SimClient.open({ version: 'old' });
    await client.post(sleepGraph(60));
    await client.waitForMessage((message) => message.type === 'progress');
    await fetch(`${client.simulator.url}/interrupt`, { method: 'POST', body: '{"prompt_id": "another"}' });
    const message = await client.waitForMessage((frame) => frame.type === 'execution_interrupted');
    expect(message.data.node_id).toBe('2');
  });
});

describe('a 0.3.64 server', () => {
  it('has no jobs', async () => {
    client = await SimClient.open();
    expect((await client.load('/api/jobs')).status).toBe(404);
  });

  it('refuses bodies above the limit with 413', async () => {
    client = await SimClient.open({ maxUploadBytes: 1000 });
    const { status } = await client.post({ '1': { class_type: 'x'.repeat(2000), inputs: {} } });
    expect(status).toBe(413);
  });

  it('sends no end marker for a prompt without a client', async () => {
    client = await SimClient.open();
    const { id } = await client.post(pictureGraph(), { client_id: undefined });
    await client.ended(id);
    const other = await client.post(pictureGraph());
    await client.waitForEnd(other.id);
    expect(client.received.filter((message) => message.data.node === null)).toHaveLength(1);
  });

  it('clears the interrupt flag at each start: an idle interrupt is harmless', async () => {
    client = await SimClient.open();
    await fetch(`${client.simulator.url}/interrupt`, { method: 'POST' });
    const id = await client.run(pictureGraph());
    await client.waitForEnd(id);
    expect((await client.load(`/history/${id}`)).text).toContain('"completed": true');
  });

  it('loses its worker thread to a node without inputs that no output needs, while HTTP stays alive', async () => {
    client = await SimClient.open();
    const { status } = await client.post({ ...pictureGraph(), '9': { class_type: 'EmptyImage' } });
    await client.waitForMessage((message) => message.type === 'execution_start');
    await client.post(pictureGraph());
    expect(status).toBe(200);
    expect((await client.load('/prompt')).text).toBe('{"exec_info": {"queue_remaining": 2}}');
  });

  it('delivers nothing to anybody while one client does not read, and goes on once it is gone', async () => {
    client = await SimClient.open();
    const stalled = connect(client.simulator.port, '127.0.0.1');
    await new Promise((resolve) => stalled.once('connect', resolve));
    stalled.write(
      'GET /ws?clientId=stalled HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    await client.simulator.ledger.waitFor((line) => line.sid === 'stalled');
    stalled.pause();
    client.simulator.control.set({ name: 'ws_huge_frame', bytes: 32 * 1024 * 1024 });
    const id = await client.run(pictureGraph());
    await client.load('/prompt');
    const isHeard = client.types().includes('execution_start');
    stalled.destroy();
    await client.waitForEnd(id);
    expect(isHeard).toBe(false);
  });

  it('loads a model once and again after it was evicted', async () => {
    client = await SimClient.open({
      vramTotal: 3000 * 1024 * 1024,
      models: [
        { name: 'a.safetensors', loadMs: 5, vramMegabytes: 2000 },
        { name: 'b.safetensors', loadMs: 5, vramMegabytes: 2000 },
      ],
    });
    const graph = (name: string, text: string): Record<string, unknown> => ({
      '1': { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: name } },
      '2': { class_type: 'CLIPTextEncode', inputs: { text, clip: ['1', 1] } },
      '3': { class_type: 'PreviewAny', inputs: { source: ['2', 0] } },
    });
    for (const [name, text] of [
      ['a.safetensors', 'x'],
      ['a.safetensors', 'y'],
      ['b.safetensors', 'z'],
      ['a.safetensors', 'w'],
    ] as const) {
      await client.run(graph(name, text));
    }
    const loads = client.simulator.ledger.lines().filter((line) => line.event.startsWith('model_'));
    expect(loads.map((line) => `${line.event} ${String(line.model)}`)).toEqual([
      'model_loaded a.safetensors',
      'model_unloaded a.safetensors',
      'model_loaded b.safetensors',
      'model_unloaded b.safetensors',
      'model_loaded a.safetensors',
    ]);
  });
});
