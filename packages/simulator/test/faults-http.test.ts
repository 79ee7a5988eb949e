import { afterEach, describe, expect, it } from 'vitest';
import { pictureGraph, SimClient } from './sim-client.ts';

let client: SimClient;
afterEach(() => client.close());

describe('faults of HTTP and history (C)', () => {
  it('C-1 history_late writes the entry late, before the marker', async () => {
    client = await SimClient.open();
    client.simulator.control.set({ name: 'history_late', ms: 60 });
    const { id } = await client.post(pictureGraph());
    await client.waitForMessage((message) => message.type === 'execution_success');
    expect((await client.load(`/history/${id}`)).text).toBe('{}');
    await client.waitForEnd(id);
    expect((await client.load(`/history/${id}`)).text).toContain('"completed": true');
  });

  it('C-1 history_late after_marker hides the entry for a time', async () => {
    client = await SimClient.open();
    client.simulator.control.set({ name: 'history_late', ms: 30, after_marker: true });
    const id = await client.run(pictureGraph());
    await client.waitForEnd(id);
    const first = await client.load(`/history/${id}`);
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(first.text).toBe('{}');
    expect((await client.load(`/history/${id}`)).text).toContain('"completed": true');
  });

  it.each([
    ['404', 404, '404: Not Found'],
    ['500', 500, '500 Internal Server Error'],
    ['502_html', 502, '<html>'],
    ['wrong_id', 200, '"00000000-0000-4000-8000-000000000000"'],
    ['empty_outputs', 200, '"outputs": {}, "status"'],
    ['nan', 200, 'NaN'],
  ])('C-2 history_answer of kind %s answers %i once', async (kind, status, text) => {
    client = await SimClient.open();
    const id = await client.run(pictureGraph());
    await client.waitForEnd(id);
    client.simulator.control.set({ name: 'history_answer', kind });
    const response = await client.load(`/history/${id}`);
    expect(response.status).toBe(status);
    expect(response.text).toContain(text);
    expect((await client.load(`/history/${id}`)).text).toContain('"filename"');
  });

  it('C-2 history_answer truncated is no JSON', async () => {
    client = await SimClient.open();
    const id = await client.run(pictureGraph());
    await client.waitForEnd(id);
    client.simulator.control.set({ name: 'history_answer', kind: 'truncated' });
    const { text } = await client.load(`/history/${id}`);
    expect(() => JSON.parse(text)).toThrow(SyntaxError);
  });

  it('C-3 history_contradiction says error beside execution_success', async () => {
    client = await SimClient.open();
    const id = await client.run(pictureGraph());
    await client.waitForEnd(id);
    client.simulator.control.set({ name: 'history_contradiction' });
    const { text } = await client.load(`/history/${id}`);
    expect(text).toContain('"status_str": "error", "completed": false');
    expect(text).toContain('execution_success');
  });

  it('C-4 prompt_response_lost accepts and runs the prompt, the caller sees a reset', async () => {
    client = await SimClient.open();
    client.simulator.control.set({ name: 'prompt_response_lost' });
    await expect(client.post(pictureGraph())).rejects.toThrow();
    const line = await client.simulator.ledger.waitFor((entry) => entry.event === 'execution_end');
    expect(line.status).toBe('success');
  });

  it('C-5 prompt_delayed accepts although the caller is gone', async () => {
    client = await SimClient.open();
    client.simulator.control.set({ name: 'prompt_delayed', ms: 50 });
    const body = JSON.stringify({ prompt: pictureGraph(), prompt_id: 'late' });
    const caller = new AbortController();
    const sent = fetch(`${client.simulator.url}/prompt`, { method: 'POST', body, signal: caller.signal });
    await client.simulator.ledger.waitFor((entry) => entry.event === 'fault');
    caller.abort();
    await expect(sent).rejects.toThrow();
    const line = await client.simulator.ledger.waitFor((entry) => entry.event === 'prompt_accepted');
    expect(line.prompt_id).toBe('late');
  });

  it('C-6 prompt_500_queued answers 500 and runs', async () => {
    client = await SimClient.open();
    client.simulator.control.set({ name: 'prompt_500_queued' });
    const { id, status } = await client.post(pictureGraph());
    await client.waitForEnd(id);
    expect(status).toBe(500);
  });

  it('C-6 prompt_500 answers 500 and takes nothing', async () => {
    client = await SimClient.open();
    client.simulator.control.set({ name: 'prompt_500' });
    expect((await client.post(pictureGraph())).status).toBe(500);
    expect((await client.load('/prompt')).text).toBe('{"exec_info": {"queue_remaining": 0}}');
  });

  it('C-6 two waiting prompts with equal number and id answer 500 and both stay', async () => {
    client = await SimClient.open();
    client.simulator.control.set({ name: 'worker_dead' });
    await client.post(pictureGraph(), { number: 1, prompt_id: 'twin' });
    const second = await client.post(pictureGraph(), { number: 1, prompt_id: 'twin' });
    expect(second.status).toBe(500);
    expect((await client.load('/prompt')).text).toBe('{"exec_info": {"queue_remaining": 2}}');
  });

  it('C-7 drip sends a body byte by byte', async () => {
    client = await SimClient.open();
    client.simulator.control.set({ name: 'drip', path: '/prompt', ms_per_byte: 1 });
    const response = await fetch(`${client.simulator.url}/prompt`);
    let chunks = 0;
    for await (const _chunk of response.body ?? []) chunks += 1;
    expect(chunks).toBeGreaterThan(10);
  });

  it('C-7 huge_body and endless_body go on beyond any sensible size', async () => {
    client = await SimClient.open();
    client.simulator.control.set({ name: 'huge_body', path: '/queue', bytes: 3 * 1024 * 1024 });
    client.simulator.control.set({ name: 'endless_body', path: '/features' });
    expect((await client.load('/queue')).text.length).toBeGreaterThanOrEqual(3 * 1024 * 1024);
    const endless = await fetch(`${client.simulator.url}/features`);
    let size = 0;
    for await (const chunk of endless.body ?? []) {
      size += (chunk as Uint8Array).length;
      if (size > 5 * 1024 * 1024) break;
    }
    expect(size).toBeGreaterThan(5 * 1024 * 1024);
  });

  it('C-8 queue_huge lists many foreign prompts', async () => {
    client = await SimClient.open();
    client.simulator.control.set({ name: 'queue_huge', count: 20, bytes: 1000 });
    const { text } = await client.load('/queue');
    expect((JSON.parse(text) as { queue_pending: unknown[] }).queue_pending).toHaveLength(20);
    expect(text.length).toBeGreaterThan(20_000);
  });

  it.each([
    ['vram_null', { devices: [{ vram_total: null }] }],
    ['cpu', { devices: [{ type: 'cpu', index: null }] }],
  ])('C-9 system_stats of kind %s', async (kind, expected) => {
    client = await SimClient.open();
    client.simulator.control.set({ name: 'system_stats', kind });
    expect(JSON.parse((await client.load('/system_stats')).text)).toMatchObject(expected);
  });

  it('C-9 system_stats of kind no_devices lacks them', async () => {
    client = await SimClient.open();
    client.simulator.control.set({ name: 'system_stats', kind: 'no_devices' });
    expect(Object.keys(JSON.parse((await client.load('/system_stats')).text) as object)).toEqual(['system']);
  });

  it('C-10 redirect sends the caller elsewhere', async () => {
    client = await SimClient.open();
    client.simulator.control.set({ name: 'redirect', path: '/history', to: 'http://127.0.0.1:9/' });
    expect((await client.load('/history/x')).status).toBe(302);
    expect((await client.load('/history/x')).status).toBe(200);
  });
});

describe('faults of outputs (D)', () => {
  async function viewPath(): Promise<string> {
    const id = await client.run(pictureGraph());
    await client.waitForEnd(id);
    const shown = client.received.find((message) => message.type === 'executed');
    const output = shown?.data.output as { images: { filename: string }[] };
    return `/view?filename=${encodeURIComponent(output.images[0]?.filename ?? '')}`;
  }

  it.each(['reset', 'short'])('D1 view_broken of kind %s ends a download in the middle', async (kind) => {
    client = await SimClient.open();
    const path = await viewPath();
    client.simulator.control.set({ name: 'view_broken', kind, after: 10 });
    await expect(client.load(path)).rejects.toThrow();
    expect((await client.load(path)).status).toBe(200);
  });

  it('D1 view_broken wrong_length looks whole and is short', async () => {
    client = await SimClient.open();
    const path = await viewPath();
    client.simulator.control.set({ name: 'view_broken', kind: 'wrong_length', after: 10 });
    const response = await fetch(client.simulator.url + path);
    expect((await response.arrayBuffer()).byteLength).toBe(10);
  });

  it('D2 view_gone answers 404 once', async () => {
    client = await SimClient.open();
    const path = await viewPath();
    client.simulator.control.set({ name: 'view_gone' });
    expect((await client.load(path)).status).toBe(404);
    expect((await client.load(path)).status).toBe(200);
  });

  it('D4 disk_full fails the saving node', async () => {
    client = await SimClient.open();
    client.simulator.control.set({ name: 'disk_full' });
    await client.post(pictureGraph());
    const error = await client.waitForMessage((message) => message.type === 'execution_error');
    expect(error.data).toMatchObject({ node_type: 'SaveImage', exception_type: 'OSError' });
  });

  it.each(['../../evil.png', 'Ünïcode ✓.png', 'a [temp].png'])(
    'D7 output_name shows the file as %s',
    async (filename) => {
      client = await SimClient.open();
      client.simulator.control.set({ name: 'output_name', filename });
      await client.post(pictureGraph());
      const shown = await client.waitForMessage((message) => message.type === 'executed');
      expect(shown.data.output).toEqual({ images: [{ filename, subfolder: '', type: 'output' }] });
    },
  );

  it('D8 many_files shows hundreds of files that can all be fetched', async () => {
    client = await SimClient.open();
    client.simulator.control.set({ name: 'many_files', count: 300 });
    await client.post(pictureGraph());
    const shown = await client.waitForMessage((message) => message.type === 'executed');
    const { images } = shown.data.output as { images: { filename: string }[] };
    const last = await client.load(`/view?filename=${encodeURIComponent(images[299]?.filename ?? '')}`);
    expect([images.length, last.status]).toEqual([300, 200]);
  });

  it('D8 big_file streams as many bytes as asked', async () => {
    client = await SimClient.open();
    const path = await viewPath();
    client.simulator.control.set({ name: 'big_file', bytes: 50_000_000 });
    const response = await fetch(client.simulator.url + path);
    let size = 0;
    for await (const chunk of response.body ?? []) size += (chunk as Uint8Array).length;
    expect([response.headers.get('content-length'), size]).toEqual(['50000000', 50_000_000]);
  });

  it('D9 view_bit_flip changes one bit and keeps the length', async () => {
    client = await SimClient.open();
    const path = await viewPath();
    const fetchBytes = async (): Promise<Buffer> =>
      Buffer.from(await (await fetch(client.simulator.url + path)).arrayBuffer());
    const good = await fetchBytes();
    client.simulator.control.set({ name: 'view_bit_flip' });
    const bad = await fetchBytes();
    const changed = [...good].filter((byte, index) => byte !== bad[index]);
    expect([bad.length, changed.length]).toEqual([good.length, 1]);
  });
});
