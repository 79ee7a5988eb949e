import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { codeOf, count, openSession, picture, sampled } from './open-session.ts';

describe('when something breaks', () => {
  it('WF6 an update of a missing node or input sends nothing', async () => {
    const { comfy, folder, simulator } = await openSession();
    expect(await codeOf(comfy.processWorkflow(picture(1), { '99': { text: 'x' } }, folder))).toBe(
      'INVALID_GRAPH',
    );
    expect(await codeOf(comfy.processWorkflow(picture(1), { '1': { colour: 1 } }, folder))).toBe(
      'INVALID_GRAPH',
    );
    expect(count(simulator, 'prompt_accepted')).toBe(0);
  });

  it('CD14 a failing node fails the workflow with node, type, message and traceback', async () => {
    const { comfy, folder, simulator } = await openSession();
    simulator.control.set({ name: 'node_error', node_id: '1' });
    const error: unknown = await comfy
      .processWorkflow(picture(1), null, folder)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'PROMPT_FAILED',
      details: { nodeId: expect.any(String), nodeType: expect.any(String), traceback: expect.any(Array) },
    });
  });

  it.each(['ws_close', 'ws_reset', 'ws_half_open', 'ws_deaf'] as const)(
    'CD19 the workflow ends although %s suppresses the events',
    async (name) => {
      const { comfy, folder, simulator } = await openSession({ nodeDelays: { EmptyImage: 300 } });
      simulator.control.set({ name, moment: 'between_post_and_start' });
      const { files } = await comfy.processWorkflow(picture(1), null, folder);
      expect(files).toHaveLength(1);
      expect(count(simulator, 'prompt_accepted')).toBe(1);
    },
  );

  it.each([
    { name: 'ws_drop', frame: 'completion', times: 'until_cleared' },
    { name: 'ws_drop', frame: 'all', times: 'until_cleared' },
    { name: 'ws_duplicate', frame: 'all', copies: 3, times: 'until_cleared' },
    { name: 'ws_reorder', frame: 'all', times: 'until_cleared' },
    { name: 'ws_null_without_id' },
    { name: 'ws_foreign_end' },
    { name: 'ws_stall', times: 'until_cleared' },
    { name: 'history_late', ms: 800 },
  ] as const)('B8 the workflow ends once and correctly under $name $frame', async (fault) => {
    const { comfy, folder, simulator, lines } = await openSession({ nodeDelays: { EmptyImage: 100 } });
    await comfy.connectWebSocket();
    simulator.control.set(fault);
    const { files } = await comfy.processWorkflow(picture(1), null, folder, { autoClose: false });
    simulator.control.clear();
    const end = simulator.ledger.lines().find((line) => line.event === 'execution_end');
    expect(end).toBeDefined();
    expect(files).toEqual([join(folder, 'picture_00001_.png')]);
    expect(lines.filter((line) => line.startsWith('✓'))).toHaveLength(1);
    expect(count(simulator, 'prompt_accepted')).toBe(1);
  });

  it('CD19 without any socket workflows run by polling', async () => {
    const { comfy, folder, simulator, lines } = await openSession();
    simulator.control.set({ name: 'ws_refuse', times: 'until_cleared' });
    const { files } = await comfy.processWorkflow(picture(1), null, folder);
    expect(files).toHaveLength(1);
    expect(lines).toContain('⚠ No WebSocket connection, following the workflow by polling');
  });

  it('a history that comes 1 s late is waited for', async () => {
    const { comfy, folder } = await openSession({ historyGapMs: 1000 });
    const { files } = await comfy.processWorkflow(picture(1), null, folder);
    expect(files).toHaveLength(1);
  });

  it.each(['prompt_response_lost', 'prompt_500_queued'] as const)(
    'a POST that was accepted in silence (%s) is found, not sent again',
    async (name) => {
      const { comfy, folder, simulator } = await openSession();
      simulator.control.set({ name });
      const { files } = await comfy.processWorkflow(picture(1), null, folder);
      expect(files).toHaveLength(1);
      expect(count(simulator, 'execution_start')).toBe(1);
    },
  );

  it('CD11 a prompt that a restart forgot is lost, not waited for', async () => {
    const { comfy, folder, simulator } = await openSession({ nodeDelays: { EmptyImage: 60_000 } });
    const ended = codeOf(comfy.processWorkflow(picture(1), null, folder));
    await simulator.ledger.waitFor((line) => line.event === 'execution_start');
    simulator.control.set({ name: 'restart' });
    expect(await ended).toBe('PROMPT_LOST');
  });

  it('an abort cancels the prompt on the server', async () => {
    const { comfy, folder, simulator } = await openSession({ nodeDelays: { EmptyImage: 200 }, stepMs: 50 });
    const controller = new AbortController();
    const ended = codeOf(comfy.processWorkflow(sampled(1, 200), null, folder, { signal: controller.signal }));
    await simulator.ledger.waitFor((line) => line.event === 'execution_start');
    controller.abort();
    expect(await ended).toBe('ABORTED');
    await simulator.ledger.waitFor((line) => line.event === 'interrupted');
  });

  it('CD24 a wait has a limit', async () => {
    const { comfy, folder } = await openSession({ nodeDelays: { EmptyImage: 60_000 } }, { timeoutMs: 300 });
    expect(await codeOf(comfy.processWorkflow(picture(1), null, folder))).toBe('TIMEOUT');
  });

  it('a broken download is restarted and never leaves a partial file', async () => {
    const { comfy, folder, simulator } = await openSession();
    simulator.control.set({ name: 'view_broken' });
    const { files } = await comfy.processWorkflow(picture(1), null, folder);
    expect(await readdir(folder)).toEqual(['picture_00001_.png']);
    expect((await readFile(files[0] ?? '')).subarray(-8, -4).toString('latin1')).toBe('IEND');
  });
});
