import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSimulator, type Simulator } from '@comfleet/simulator';
import { ComfyUIClient } from 'comfy-ui-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const GRAPH = {
  '1': { class_type: 'EmptyImage', inputs: { width: 16, height: 16, batch_size: 1, color: 255 } },
  '2': { class_type: 'SaveImage', inputs: { filename_prefix: 'client', images: ['1', 0] } },
};
const PNG_MAGIC = '89504e470d0a1a0a';

let simulator: Simulator;
let client: ComfyUIClient;
beforeAll(async () => {
  simulator = await openSimulator();
  client = new ComfyUIClient(`127.0.0.1:${simulator.port}`, 'client-of-npm');
  await client.connect();
});
afterAll(async () => {
  await client.disconnect();
  await simulator.close();
});

/** Methods that read JSON from an empty response fail against a real ComfyUI too; the action is still done. */
const EMPTY_BODY = /Unexpected end of JSON input/;

describe('comfy-ui-client 0.1.2 unchanged', () => {
  it('getImages runs a prompt and brings its pictures', async () => {
    const images = await client.getImages(GRAPH);
    const [first] = images['2'] ?? [];
    const bytes = Buffer.from((await first?.blob.arrayBuffer()) ?? new ArrayBuffer(0));
    expect(first?.image).toEqual({ filename: 'client_00001_.png', subfolder: '', type: 'output' });
    expect(bytes.toString('hex', 0, 8)).toBe(PNG_MAGIC);
  });

  it('saveImages writes what getImages brought', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'comfy-ui-client-'));
    try {
      await client.saveImages(await client.getImages(GRAPH), folder);
      const bytes = await readFile(join(folder, 'client_00001_.png'));
      expect(bytes.toString('hex', 0, 8)).toBe(PNG_MAGIC);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('queuePrompt answers id and number, getHistory the finished prompt', async () => {
    const queued = await client.queuePrompt(GRAPH);
    expect(queued.node_errors).toEqual({});
    await simulator.ledger.waitFor(
      (line) => line.event === 'execution_end' && line.prompt_id === queued.prompt_id,
    );
    const history = await client.getHistory(queued.prompt_id);
    expect(history[queued.prompt_id]?.prompt[2]).toEqual(GRAPH);
    expect(Object.keys(await client.getHistory())).toContain(queued.prompt_id);
  });

  it('getQueue and getPrompt show an idle server', async () => {
    expect(await client.getQueue()).toEqual({ queue_running: [], queue_pending: [] });
    expect(await client.getPrompt()).toEqual({ exec_info: { queue_remaining: 0 } });
  });

  it('getSystemStats returns device and memory', async () => {
    const stats = await client.getSystemStats();
    expect(stats.devices[0]).toMatchObject({ type: 'cuda', index: 0, vram_total: 12884901888 });
  });

  it('getObjectInfo describes one class or all', async () => {
    const one = await client.getObjectInfo('EmptyImage');
    const all = await client.getObjectInfo();
    expect(one.EmptyImage).toEqual(all.EmptyImage);
    expect(Object.keys(all)).toContain('KSampler');
  });

  it('getEmbeddings and getExtensions answer lists', async () => {
    expect(await client.getEmbeddings()).toEqual([]);
    expect(await client.getExtensions()).toContain('/extensions/core/groupNode.js');
  });

  it('viewMetadata returns the metadata of a model', async () => {
    const metadata = await client.viewMetadata('checkpoints', 'v1-5-pruned-emaonly-fp16.safetensors');
    expect(metadata).toEqual({ 'modelspec.title': 'simulated' });
  });

  it('uploadImage stores a picture that getImage brings back', async () => {
    const bytes = Buffer.from('not really a picture');
    const uploaded = await client.uploadImage(bytes, 'up.png', true);
    const back = await client.getImage(uploaded.name, uploaded.subfolder, uploaded.type);
    expect(uploaded).toEqual({ name: 'up.png', subfolder: '', type: 'input' });
    expect(await back.text()).toBe('not really a picture');
  });

  it('uploadMask fails as at a real server, because the client misnames original_ref', async () => {
    const sent = client.uploadMask(Buffer.from('x'), 'mask.png', { filename: 'up.png', type: 'input' });
    await expect(sent).rejects.toThrow(SyntaxError);
  });

  it('interrupt acts although its empty answer is no JSON', async () => {
    await expect(client.interrupt()).rejects.toThrow(EMPTY_BODY);
  });

  it('editHistory clears although its empty answer is no JSON', async () => {
    await expect(client.editHistory({ clear: true })).rejects.toThrow(EMPTY_BODY);
    expect(await client.getHistory()).toEqual({});
  });

  it('disconnect closes the socket', async () => {
    const other = new ComfyUIClient(`127.0.0.1:${simulator.port}`, 'second-client');
    await other.connect();
    await other.disconnect();
    const closed = await simulator.ledger.waitFor(
      (line) => line.event === 'socket_closed' && line.sid === 'second-client',
    );
    expect(closed.event).toBe('socket_closed');
  });
});
