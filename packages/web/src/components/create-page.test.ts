import { flushPromises } from '@vue/test-utils';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ApiFailure } from '../api/api.ts';
import type { FakeServer } from '../testing/fake-server.ts';
import { createPages, mountPage } from '../testing/mount-page.ts';
import {
  sampleImageWorkflow,
  samplePlacement,
  sampleProgress,
  sampleResult,
  sampleTask,
  sampleWorkflow,
} from '../testing/samples.ts';
import { readButton, user } from '../testing/user.ts';

let server: FakeServer;
const { begin, openPage, end } = createPages();
beforeEach(() => {
  server = begin();
});
afterEach(end);

describe('the form', () => {
  test('an empty prompt disables the button and says why', async () => {
    await openPage();
    expect(readButton('Generate')).toEqual({ enabled: false, why: 'Write a prompt first' });
  });

  test('Ctrl+Enter in the prompt submits the task once', async () => {
    await openPage();
    await user.writes('Prompt', 'a boat');
    await user.hits(user.sees('textbox', 'Prompt'), { key: 'Enter', ctrlKey: true });
    expect(server.submitted).toEqual([
      {
        workflow_name: 'sd_basic',
        task_type: 'text_to_image',
        priority: 5,
        parameters: { prompt: 'a boat', width: 512, height: 512, seed: -1, steps: 20 },
      },
    ]);
  });

  test('a refused submission keeps the form and shows the reason', async () => {
    await openPage();
    await user.writes('Prompt', 'a boat');
    const params = { whose: 'user', limit: 20, used: 20, asked: 1 };
    const details = { message_text: { code: 'quota.tasks_waiting', params } };
    server.refusal = new ApiFailure('QUOTA_EXCEEDED', 'too many', { details });
    await user.presses('Generate');
    expect(user.sees('alert').textContent).toBe(
      '20 of your tasks may wait: 20 wait, and this asks for 1 more; try again when some have ended',
    );
    expect(user.reads('Prompt')).toBe('a boat');
  });

  test('a size preset fills width and height', async () => {
    await openPage();
    await user.presses('Portrait');
    await user.writes('Prompt', 'a boat');
    await user.presses('Generate');
    expect(server.submitted[0]?.parameters).toMatchObject({ width: 512, height: 768 });
  });

  test('the dice rolls a seed and the cross takes it away', async () => {
    await openPage();
    await user.presses('Roll a new seed');
    expect(user.reads('Seed')).toMatch(/^\d{1,16}$/);
    await user.presses('A new seed every time');
    expect(user.reads('Seed')).toBe('');
  });

  test('a workflow that no worker can run says what is missing and cannot be sent', async () => {
    server.workflows = [sampleWorkflow({ available: false, missing: ['checkpoints/a.safetensors'] })];
    const page = await openPage();
    expect(page.get('.picker .reason').text()).toBe('Missing on every worker: checkpoints/a.safetensors');
    expect(readButton('Generate').why).toBe('No worker can run this workflow now');
  });

  test('more than one picture is sent as a batch', async () => {
    await openPage();
    await user.writes('Prompt', 'a boat');
    await user.presses('One more');
    await user.presses('Generate 2');
    expect(server.batches[0]?.tasks).toEqual([{}, {}]);
  });
});

describe('a picture to start from', () => {
  test('CP4 a dropped picture is uploaded, shown and removable', async () => {
    server.workflows = [sampleImageWorkflow()];
    const page = await openPage();
    const file = new File(['png'], 'cat.png', { type: 'image/png' });
    await page.get('.drop').trigger('drop', { dataTransfer: { files: [file] } });
    await flushPromises();
    expect(server.uploads.map((upload) => upload.name)).toEqual(['cat.png']);
    expect(user.sees('img', 'cat.png').getAttribute('src')).toMatch(/^blob:/);
    expect(readButton('Generate').enabled).toBe(true);
    await user.presses('Remove the picture');
    expect(readButton('Generate').why).toBe('Add a picture first');
  });

  test('a file that is no picture is refused at once', async () => {
    server.workflows = [sampleImageWorkflow()];
    const page = await openPage();
    const file = new File(['x'], 'notes.txt', { type: 'text/plain' });
    await page.get('.drop').trigger('drop', { dataTransfer: { files: [file] } });
    expect(user.sees('alert').textContent).toBe('This file is not a picture.');
    expect(server.uploads).toEqual([]);
  });
});

describe('the gallery', () => {
  test('nothing yet offers ideas that fill the prompt', async () => {
    await openPage();
    await user.presses(/^A lighthouse/);
    expect(user.reads('Prompt')).toMatch(/^A lighthouse/);
  });

  test('a failed list is said and can be tried again', async () => {
    server.listRefusal = new ApiFailure('UNREACHABLE', 'no answer');
    await openPage();
    expect(user.sees('alert').textContent).toContain('The server does not answer');
    server.listRefusal = null;
    await user.presses('Try again');
    expect(user.sees('heading', 'Nothing here yet')).toBeDefined();
  });

  test('CP5 progress, step and preview arrive without asking', async () => {
    server.tasks = [sampleTask({ status: 'running', attempt_count: 1, queue_position: null })];
    const page = await openPage();
    server.send({ kind: 'progress', task_id: 'task-1', progress: sampleProgress(0.42, 8) });
    server.send({
      kind: 'preview',
      task_id: 'task-1',
      preview: { node_id: '3', content_type: 'image/jpeg', data_base64: 'AAAA' },
    });
    await flushPromises();
    expect(user.sees('progressbar', 'KSampler').getAttribute('aria-valuenow')).toBe('42');
    expect(user.sees('article').textContent).toContain('Step 8 of 20');
    expect(page.get('.preview').attributes('src')).toBe('data:image/jpeg;base64,AAAA');
  });

  test('a preview that arrives after the end is not shown', async () => {
    server.tasks = [sampleTask({ status: 'canceled' })];
    const page = await openPage();
    server.send({
      kind: 'preview',
      task_id: 'task-1',
      preview: { node_id: '3', content_type: 'image/jpeg', data_base64: 'AAAA' },
    });
    await flushPromises();
    expect(page.find('.preview').exists()).toBe(false);
  });

  test('a finished task shows its picture in place of the progress', async () => {
    server.tasks = [sampleTask({ status: 'running', attempt_count: 1 })];
    await openPage();
    const task = sampleTask({ status: 'succeeded', attempt_count: 1, results: [sampleResult()] });
    server.send({ kind: 'snapshot', task });
    await flushPromises();
    const link = '/api/fleet/assets/asset-1/content?signature=a';
    expect(user.sees('img', /a boat/).getAttribute('src')).toBe(link);
    expect(user.seesAll('progressbar')).toEqual([]);
  });

  test('waiting tasks say their place in the queue', async () => {
    server.tasks = [sampleTask({ queue_position: 3 })];
    await openPage();
    expect(user.sees('button', 'Details: 3 ahead')).toBeDefined();
  });

  test('a running task can be canceled from its tile', async () => {
    server.tasks = [sampleTask({ status: 'running' })];
    const page = await openPage();
    page.get<HTMLElement>('.tile [aria-label="Cancel"]').element.click();
    await flushPromises();
    expect(server.canceled).toEqual(['task-1']);
    expect(user.sees('button', 'Details: Canceled')).toBeDefined();
  });

  test('a picture whose link ran out is asked for again', async () => {
    server.tasks = [sampleTask({ status: 'succeeded', results: [sampleResult()] })];
    await openPage();
    user.sees('img', /a boat/).dispatchEvent(new Event('error'));
    await flushPromises();
    expect(server.loaded).toEqual(['task-1']);
  });

  test('a lost connection is said with the time of the last word', async () => {
    server.tasks = [sampleTask({ status: 'running' })];
    await openPage();
    server.live?.state('lost');
    await flushPromises();
    const said = user.seesAll('status').map((part) => part.textContent?.trim());
    expect(said).toContain('Reconnecting…');
    expect(said).toContainEqual(expect.stringContaining('No word from the server since'));
  });

  test('text results are shown and videos play', async () => {
    const text = sampleResult({ index: 0, kind: 'text', text: 'a caption' });
    const video = sampleResult({ index: 1, kind: 'video', url: '/v.webm' });
    server.tasks = [sampleTask({ status: 'succeeded', results: [text, video] })];
    const page = await openPage();
    expect(page.get('.cell pre').text()).toBe('a caption');
    expect(page.get('.cell video').attributes('src')).toBe('/v.webm');
  });
});

describe('workers in trouble', () => {
  const trouble = {
    since: '2026-01-01T10:00:00.000Z',
    texts: [
      { code: 'problem.refused', params: {} },
      { code: 'recovery.advised', params: {} },
    ],
  };

  test('a waiting task says at its tile what is wrong with the only worker, since when, and what to do', async () => {
    server.tasks = [sampleTask()];
    server.placement = samplePlacement({ reason: 'offline', trouble });
    const page = await openPage({ language: 'zh-CN' });
    const said = page.get('.cell .why').text();
    expect(said).toMatch(/^自 .+ 起：ComfyUI 拒绝了连接。请手动重启 ComfyUI/);
  });

  test('a workflow that no worker can run now says what is wrong with the workers', async () => {
    server.workflows = [sampleWorkflow({ available: false })];
    const problem = {
      code: 'service.worker_down',
      params: { since: '2026-01-01T10:00:00Z', problem: trouble.texts[0], step: trouble.texts[1] },
    };
    const message_text = { code: 'service.workers_down', params: { total: 1, problems: [problem] } };
    server.services = { nodes: { status: 'degraded', message: '', message_text } as never };
    const page = await openPage();
    const said = page.get('.picker .reason').text();
    expect(said).toMatch(
      /until one can\. Since (?!2026-01-01T).+: The connection to ComfyUI was refused\. Please/,
    );
  });
});

describe('languages', () => {
  test('the page speaks Chinese and switches to English', async () => {
    const page = await openPage({ language: 'zh-CN' });
    expect(user.sees('button', '生成')).toBeDefined();
    expect(page.get('.picker .title').text()).toBe('文生图');
    await user.presses('EN');
    expect(user.sees('button', 'Generate')).toBeDefined();
  });
});

describe('workflows that become available', () => {
  test('the page looks again while the chosen one cannot run and somebody looks at it, and takes what can', async () => {
    const other = sampleWorkflow({ name: 'sdxl', title: { en: 'SDXL', zh: 'SDXL' }, is_default: false });
    server.workflows = [sampleWorkflow({ available: false }), { ...other, available: false }];
    const { page, platform } = await mountPage(server);
    expect(page.get('.picker .title').text()).toBe('Text to image');
    server.workflows = [sampleWorkflow({ available: false }), other];
    platform.visible = false;
    platform.advance(3000);
    await flushPromises();
    expect(page.get('.picker .title').text()).toBe('Text to image');
    platform.visible = true;
    platform.advance(3000);
    await flushPromises();
    expect(page.get('.picker .title').text()).toBe('SDXL');
    page.unmount();
  });
});

describe('time', () => {
  test('from midnight on a moment of the day before is said with its date', async () => {
    server.tasks = [sampleTask({ created_at: '2026-01-01T10:00:00.000Z' })];
    const { page, platform } = await mountPage(server);
    expect(page.get('time').text()).not.toContain('Jan');
    platform.advance(24 * 3_600_000);
    await flushPromises();
    expect(page.get('time').text()).toContain('Jan 1');
    page.unmount();
  });

  test('nothing is asked any more after signing out', async () => {
    server.workflows = [sampleWorkflow({ available: false })];
    const { page, platform, session } = await mountPage(server);
    await session.signOut('here');
    await flushPromises();
    const asked = server.listings;
    platform.advance(60_000);
    await flushPromises();
    expect(server.listings).toBe(asked);
    page.unmount();
  });
});
