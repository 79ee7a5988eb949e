import { fileURLToPath } from 'node:url';
import { openSimulator } from '@comfleet/simulator';
import { Program } from '@comfleet/test-kit';
import { afterEach, describe, expect, it } from 'vitest';
import { pictureGraph, SimClient, sleepGraph } from './sim-client.ts';

let client: SimClient;
afterEach(() => client.close());

describe('faults of the worker (A)', () => {
  it('A1 crash drops every connection and nothing listens any more', async () => {
    client = await SimClient.open();
    const { id } = await client.post(sleepGraph(60));
    await client.waitForMessage((message) => message.type === 'progress');
    client.simulator.control.set({ name: 'crash' });
    await client.waitForMessage((message) => message.type === 'close');
    await expect(client.load('/prompt')).rejects.toThrow();
    expect(
      client.simulator.ledger.lines().some((line) => line.event === 'execution_end' && line.prompt_id === id),
    ).toBe(false);
  });

  it('A1 crash in the middle of a run ends the program with the asked exit code', async () => {
    client = await SimClient.open();
    const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));
    const child = Program.node([program, '--port', '0', '--control-port', '0']);
    const control = await child.waitForLine(/Control: (\S+)/);
    await child.waitForLine(/To see the GUI/);
    await fetch(`${control}/faults`, { method: 'POST', body: '{"name": "crash", "exit_code": 7}' }).catch(
      () => undefined,
    );
    expect(await child.exited).toEqual({ code: 7, signal: null });
  });

  it('A3 freeze holds HTTP and execution until it is cleared', async () => {
    client = await SimClient.open();
    client.simulator.control.set({ name: 'freeze' });
    const response = client.load('/prompt');
    const first = await Promise.race([
      response.then(() => 'answered'),
      new Promise((resolve) => setTimeout(resolve, 50, 'held')),
    ]);
    client.simulator.control.clear('freeze');
    expect(first).toBe('held');
    expect((await response).status).toBe(200);
  });

  it('A4 freeze with ms ends by itself', async () => {
    client = await SimClient.open();
    client.simulator.control.set({ name: 'freeze', ms: 20 });
    expect((await client.load('/prompt')).status).toBe(200);
    expect(client.simulator.control.list()).toEqual([]);
  });

  it('A5 worker_dead leaves HTTP alive while the queue only grows', async () => {
    client = await SimClient.open();
    client.simulator.control.set({ name: 'worker_dead' });
    await client.post(pictureGraph());
    await client.post(pictureGraph());
    expect((await client.load('/prompt')).text).toBe('{"exec_info": {"queue_remaining": 2}}');
  });

  it.each(['restart', 'reboot'] as const)(
    'A6 A7 %s keeps the port and forgets queue and history',
    async (name) => {
      client = await SimClient.open();
      const id = await client.run(pictureGraph());
      client.simulator.control.set({ name });
      await client.simulator.ledger.waitFor((line) => line.restarted === true);
      expect((await client.load(`/history/${id}`)).text).toBe('{}');
      await client.connect();
      const again = await client.run(pictureGraph());
      expect((await client.load(`/history/${again}`)).text).toContain('"completed": true');
    },
  );

  it('A8 delete_prompt removes a waiting prompt without a trace in history', async () => {
    client = await SimClient.open();
    const running = await client.post(sleepGraph(0.05));
    const waiting = await client.post(pictureGraph());
    client.simulator.control.set({ name: 'delete_prompt', prompt_id: waiting.id });
    await client.waitForEnd(running.id);
    expect((await client.load('/queue')).text).toBe('{"queue_running": [], "queue_pending": []}');
    expect((await client.load(`/history/${waiting.id}`)).text).toBe('{}');
  });

  it('A8 clear_history forgets what ran', async () => {
    client = await SimClient.open();
    await client.run(pictureGraph());
    client.simulator.control.set({ name: 'clear_history' });
    expect((await client.load('/history')).text).toBe('{}');
  });

  it('A9 interrupt_all ends the running prompt as interrupted', async () => {
    client = await SimClient.open();
    const { id } = await client.post(sleepGraph(60));
    await client.waitForMessage((message) => message.type === 'progress');
    client.simulator.control.set({ name: 'interrupt_all' });
    await client.waitForEnd(id);
    expect((await client.load(`/history/${id}`)).text).toContain('execution_interrupted');
  });

  it('A10 out_of_memory fails the named class with the type torch uses', async () => {
    client = await SimClient.open();
    client.simulator.control.set({ name: 'out_of_memory', class: 'EmptyImage' });
    const { id } = await client.post(pictureGraph());
    const error = await client.waitForMessage((message) => message.type === 'execution_error');
    expect(error.data).toMatchObject({
      prompt_id: id,
      node_id: '1',
      node_type: 'EmptyImage',
      exception_type: 'torch.OutOfMemoryError',
    });
  });

  it.each([
    ['missing_class', 'invalid_prompt'],
    ['missing_model', 'prompt_outputs_failed_validation'],
  ])('A11 validation_error of kind %s answers 400 %s', async (kind, type) => {
    client = await SimClient.open();
    client.simulator.control.set({ name: 'validation_error', kind });
    const { status, body } = await client.post(pictureGraph());
    expect(status).toBe(400);
    expect(body.error).toMatchObject({ type });
  });

  it('A11 hide_class makes a class unknown to validation and object_info', async () => {
    client = await SimClient.open();
    client.simulator.control.set({ name: 'hide_class', class: 'EmptyImage' });
    expect((await client.post(pictureGraph())).status).toBe(400);
    expect((await client.load('/object_info/EmptyImage')).text).toBe('{}');
  });

  it('A11 a prompt whose outputs are valid in part is accepted with node_errors, and lists those that run', async () => {
    client = await SimClient.open();
    const { id, status, body } = await client.post({
      ...pictureGraph(),
      '8': { class_type: 'LoadImage', inputs: { image: 'absent.png' } },
      '9': { class_type: 'PreviewImage', inputs: { images: ['8', 0] } },
    });
    await client.waitForEnd(id);
    const { text } = await client.load(`/history/${id}`);
    expect(status).toBe(200);
    expect(Object.keys(body.node_errors ?? {})).toEqual(['8']);
    expect(JSON.parse(text)[id].prompt[4]).toEqual(['2']);
  });

  it('A12 slow delays answers until it is cleared', async () => {
    client = await SimClient.open();
    client.simulator.control.set({ name: 'slow', latency_ms: 40 });
    const start = performance.now();
    await client.load('/prompt');
    expect(performance.now() - start).toBeGreaterThan(35);
    client.simulator.control.clear();
    expect((await client.load('/prompt')).status).toBe(200);
  });

  it('A16 duplicate_completion comes as two end markers', async () => {
    client = await SimClient.open();
    client.simulator.control.set({ name: 'ws_duplicate', frame: 'end_marker' });
    const { id } = await client.post(pictureGraph());
    await client.waitForEnd(id);
    await client.post(pictureGraph());
    await client.waitForMessage(
      (message) => message.type === 'execution_start' && message.data.prompt_id !== id,
    );
    expect(
      client.received.filter((message) => message.data.node === null && message.data.prompt_id === id),
    ).toHaveLength(2);
  });

  it('A17 identity shows the command line of another process', async () => {
    client = await SimClient.open({ argv: ['main.py', '--port', '1'] });
    expect((await client.load('/system_stats')).text).toContain('"argv": ["main.py", "--port", "1"]');
    client.simulator.control.set({ name: 'identity', argv: ['other.py'] });
    expect((await client.load('/system_stats')).text).toContain('"argv": ["other.py"]');
  });

  it('A18 interleaved_progress mixes in frames of another prompt and ends it in the same turn', async () => {
    client = await SimClient.open();
    client.simulator.control.set({ name: 'interleaved_progress', foreign_id: 'foreign' });
    const { id } = await client.post(sleepGraph(0.03));
    await client.waitForEnd(id);
    const about = client.received
      .filter((message) => message.type === 'progress')
      .map((message) => message.data.prompt_id);
    expect(about.slice(0, 2)).toEqual(['foreign', id]);
    expect(
      client.received.some((message) => message.data.node === null && message.data.prompt_id === 'foreign'),
    ).toBe(true);
  });

  it('refuses an unknown fault on the control port', async () => {
    client = await SimClient.open();
    const other = await openSimulator({ controlPort: 0 });
    const answer = await fetch(`${other.controlUrl}/faults`, { method: 'POST', body: '{"name": "nope"}' });
    await other.close();
    expect(answer.status).toBe(400);
  });
});
