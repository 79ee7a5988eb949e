import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ProgressState } from '../src/node.ts';
import { codeOf, count, openSession, picture, sampled } from './open-session.ts';

describe('one workflow', () => {
  it('CL15 a single call connects, saves the picture and closes', async () => {
    const { comfy, folder, simulator } = await openSession();
    const result = await comfy.processWorkflow(picture(1), null, folder);
    expect(result.files).toEqual([join(folder, 'picture_00001_.png')]);
    const bytes = await readFile(result.files[0] ?? '');
    expect(bytes.subarray(1, 4).toString()).toBe('PNG');
    expect(comfy.connected).toBe(false);
    expect(await readdir(folder)).toEqual(['picture_00001_.png']);
    expect(count(simulator, 'socket_upgrade')).toBe(1);
  });

  it('CL14 updates change a copy, fileName names the files, an existing file is not replaced', async () => {
    const { comfy, folder } = await openSession();
    const graph = picture(1);
    const updates = [{ classType: 'EmptyImage', inputs: { color: 255 } }];
    const first = await comfy.processWorkflow(graph, updates, folder, { fileName: 'cat', autoClose: false });
    const second = await comfy.processWorkflow(graph, { '1': { color: 9 } }, folder, { fileName: 'cat.png' });
    expect([...first.files, ...second.files]).toEqual([join(folder, 'cat.png'), join(folder, 'cat_1.png')]);
    expect(graph).toEqual(picture(1));
  });

  it('WF23 a seed of 2^64 − 1 in a workflow file reaches the server as written', async () => {
    const { comfy, folder, simulator } = await openSession({ stepMs: 1 });
    const text = JSON.stringify(sampled(5)).replace('"seed":5', '"seed":18446744073709551615');
    const { promptId } = await comfy.processWorkflow(text, null, folder);
    const history = await fetch(`${simulator.url}/history/${promptId}`);
    expect(await history.text()).toMatch(/"seed": ?18446744073709551615/);
  });

  it('PR1 the lines show submission, node, percent and elapsed seconds', async () => {
    const { comfy, folder, lines } = await openSession({ stepMs: 120 }, { language: 'zh-TW' });
    const { promptId } = await comfy.processWorkflow(sampled(1), null, folder);
    expect(lines[0]).toMatch(/佇列中還有 1 個任務|工作流已提交/);
    expect(lines).toContain(`工作流已提交，prompt_id: ${promptId}`);
    expect(lines).toContain(`開始等待工作流 ${promptId} 完成...`);
    expect(lines).toContain('  → 正在處理節點: 3');
    expect(lines).toContain('  → 進度: 50.0% (2/4)');
    expect(lines.at(-1)).toMatch(new RegExp(`^✓ 工作流 ${promptId} 執行完成（耗時 \\d+\\.\\d\\d 秒）$`));
  });

  it('PR3 progress is reported in order and ends at 1, once', async () => {
    const { comfy, folder } = await openSession({ stepMs: 10 });
    const seen: ProgressState[] = [];
    comfy.on('progress', (progress) => seen.push(progress));
    await comfy.processWorkflow(sampled(2, 8), null, folder);
    const fractions = seen.map((progress) => progress.fraction);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(fractions.at(-1)).toBe(1);
    expect(seen.some((progress) => progress.currentClass === 'KSampler')).toBe(true);
  });

  it('PR8 a failing listener cannot stop a prompt', async () => {
    const { comfy, folder } = await openSession();
    const logs: string[] = [];
    comfy.on('log', (log) => logs.push(log.step));
    comfy.on('progress', () => {
      throw new Error('a bug of a listener');
    });
    const { files } = await comfy.processWorkflow(picture(3), null, folder);
    expect(files).toHaveLength(1);
    expect(logs).toContain('listener_failed');
  });

  it('PR7 previews name their prompt and are kept whole', async () => {
    const { comfy, folder } = await openSession({ stepMs: 5, previewMethod: 'latent2rgb' });
    const previews: { promptId: string; bytes: number }[] = [];
    comfy.on('preview', (preview) =>
      previews.push({ promptId: preview.promptId, bytes: preview.image.length }),
    );
    const { promptId } = await comfy.processWorkflow(sampled(3), null, folder);
    expect(previews.length).toBeGreaterThan(0);
    expect(previews.every((preview) => preview.promptId === promptId && preview.bytes > 100)).toBe(true);
  });

  it('images of SaveImageWebsocket are saved though no history holds them', async () => {
    const { comfy, folder } = await openSession();
    const graph = { ...picture(4), '2': { class_type: 'SaveImageWebsocket', inputs: { images: ['1', 0] } } };
    const { files } = await comfy.processWorkflow(graph, null, folder, { fileName: 'direct' });
    expect(files).toEqual([join(folder, 'direct.png')]);
    expect((await readFile(files[0] ?? '')).subarray(1, 4).toString()).toBe('PNG');
  });
});

describe('a batch on one connection', () => {
  it('CD17 ten workflows take one upgrade and at most 100 ms from an end to the next POST', async () => {
    const { comfy, folder, simulator, lines } = await openSession();
    await comfy.connectWebSocket();
    for (let item = 0; item < 10; item += 1) {
      await comfy.processWorkflow(picture(item), null, folder, {
        autoClose: false,
        fileName: `image_${item}`,
      });
    }
    expect([comfy.connected, comfy.upgrades]).toEqual([true, 1]);
    await comfy.close();
    const ledger = simulator.ledger.lines();
    const ends = ledger
      .filter((line) => line.event === 'execution_end')
      .map((line) => Number(line.monotonic_ns) / 1e6);
    const posts = ledger
      .filter((line) => line.event === 'prompt_accepted')
      .map((line) => Number(line.monotonic_ns) / 1e6);
    const gaps = posts.slice(1).map((post, item) => post - (ends[item] ?? 0));
    expect(count(simulator, 'socket_upgrade')).toBe(1);
    expect(gaps).toHaveLength(9);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(100);
    expect((await readdir(folder)).sort()).toEqual(
      Array.from({ length: 10 }, (_, item) => `image_${item}.png`),
    );
    expect(lines.filter((line) => line.startsWith('WebSocket connected'))).toHaveLength(1);
  });

  it('CD25 four items cost one handshake and their own time plus at most 1.1 s', async () => {
    const { comfy, folder, simulator } = await openSession({ nodeDelays: { EmptyImage: 150 } });
    const startedMs = performance.now();
    await comfy.connectWebSocket();
    for (let item = 0; item < 4; item += 1) {
      await comfy.processWorkflow(picture(item), null, folder, { autoClose: false });
    }
    await comfy.close();
    expect(performance.now() - startedMs).toBeLessThan(4 * 150 + 1100);
    expect(count(simulator, 'socket_upgrade')).toBe(1);
  });

  it('BG14 the connection is announced once, and its closing once at the end', async () => {
    const { comfy, folder, lines } = await openSession();
    await comfy.connectWebSocket();
    await comfy.connectWebSocket();
    await comfy.processWorkflow(picture(1), null, folder, { autoClose: false });
    await comfy.processWorkflow(picture(2), null, folder, { autoClose: false });
    await comfy.close();
    await comfy.close();
    expect(lines[0]).toBe('WebSocket connected, starting the batch');
    expect(lines.at(-1)).toBe('All done, closing the WebSocket connection');
    expect(lines.filter((line) => /connected|closing/.test(line))).toHaveLength(2);
  });

  it('CD15 an error closes the connection when the caller closes in finally', async () => {
    const { comfy, folder, simulator } = await openSession();
    await comfy.connectWebSocket();
    try {
      const broken = comfy.processWorkflow({ '1': { class_type: 'NoSuchNode', inputs: {} } }, null, folder, {
        autoClose: false,
      });
      expect(await codeOf(broken)).toBe('PROMPT_REFUSED');
      expect(comfy.connected).toBe(true);
    } finally {
      await comfy.close();
    }
    await simulator.ledger.waitFor((line) => line.event === 'socket_closed');
    expect(comfy.connected).toBe(false);
  });

  it('CD16 a second call on an open connection does not connect again', async () => {
    const { comfy, folder, simulator } = await openSession();
    await comfy.processWorkflow(picture(1), null, folder, { autoClose: false });
    await comfy.processWorkflow(picture(2), null, folder);
    expect(count(simulator, 'socket_upgrade')).toBe(1);
    await comfy.processWorkflow(picture(3), null, folder);
    expect(count(simulator, 'socket_upgrade')).toBe(2);
  });

  it('CD8 prompts that run side by side get their own results', async () => {
    const { comfy, folder } = await openSession();
    await comfy.connectWebSocket();
    const results = await Promise.all(
      [1, 2, 3, 4, 5].map((item) =>
        comfy.processWorkflow(picture(item), { '2': { filename_prefix: `own${item}` } }, folder, {
          autoClose: false,
        }),
      ),
    );
    expect(results.flatMap((result) => result.files)).toEqual(
      [1, 2, 3, 4, 5].map((item) => join(folder, `own${item}_00001_.png`)),
    );
  });
});

describe('looking into a session', () => {
  it('CL8 pending workflows are listed with age, phase and server', async () => {
    const { comfy, folder, simulator, lines } = await openSession({ nodeDelays: { EmptyImage: 400 } });
    const ended = comfy.processWorkflow(picture(1), null, folder);
    await simulator.ledger.waitFor((line) => line.event === 'execution_start');
    const [task] = comfy.debugTaskStatus();
    expect(task).toMatchObject({ serverUrl: simulator.url, connected: true });
    expect(comfy.pendingTasks.size).toBe(1);
    expect(lines.some((line) => line.includes('1 pending, WebSocket open'))).toBe(true);
    await ended;
    expect(comfy.pendingTasks.size).toBe(0);
  });

  it('CL9 a manual check logs an unknown prompt instead of throwing', async () => {
    const { comfy, folder } = await openSession();
    const logs: string[] = [];
    comfy.on('log', (log) => logs.push(`${log.step}: ${log.message}`));
    await comfy.processWorkflow(picture(1), null, folder);
    expect(await comfy.checkTaskStatusManually('unknown')).toBe(false);
    expect(logs).toContain('check_failed: No such pending prompt');
  });

  it('CL16 a diagnosis holds the last error, the pending workflows and the log', async () => {
    const { comfy, folder } = await openSession();
    await codeOf(comfy.processWorkflow({ '1': { class_type: 'NoSuchNode', inputs: {} } }, null, folder));
    const path = join(folder, 'diagnosis.json');
    await comfy.writeDiagnosis(path);
    const bundle: unknown = JSON.parse(await readFile(path, 'utf8'));
    expect(bundle).toMatchObject({
      last_error: { code: 'PROMPT_REFUSED' },
      pending: [],
      log: expect.any(Array),
    });
  });
});
