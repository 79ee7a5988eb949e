import { flushPromises } from '@vue/test-utils';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ApiFailure } from '../api/api.ts';
import type { FakeServer } from '../testing/fake-server.ts';
import { createPages } from '../testing/mount-page.ts';
import {
  sampleImageWorkflow,
  samplePlacement,
  sampleProgress,
  sampleResult,
  sampleTask,
  sampleWorkflow,
} from '../testing/samples.ts';

let server: FakeServer;
const { begin, openPage, end } = createPages();
beforeEach(() => {
  server = begin();
});
afterEach(end);

describe('the form', () => {
  test('an empty prompt disables the button and says why', async () => {
    const page = await openPage();
    expect(page.get('.go').attributes('disabled')).toBeDefined();
    expect(page.get('#generate-reason').text()).toBe('Write a prompt first');
  });

  test('Ctrl+Enter in the prompt submits the task once', async () => {
    const page = await openPage();
    const prompt = page.get('#prompt-prompt');
    await prompt.setValue('a boat');
    await prompt.trigger('keydown', { key: 'Enter', ctrlKey: true });
    await flushPromises();
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
    const page = await openPage();
    await page.get('#prompt-prompt').setValue('a boat');
    server.refusal = new ApiFailure('QUOTA_EXCEEDED', 'too many');
    await page.get('.go').trigger('click');
    await flushPromises();
    expect(page.get('.failure').text()).toBe(
      'Too many of your tasks are waiting. Try again when some have ended.',
    );
    expect(page.get<HTMLTextAreaElement>('#prompt-prompt').element.value).toBe('a boat');
  });

  test('a size preset fills width and height', async () => {
    const page = await openPage();
    const [, portrait] = page.findAll('.shape');
    await portrait?.trigger('click');
    await page.get('#prompt-prompt').setValue('a boat');
    await page.get('.go').trigger('click');
    await flushPromises();
    expect(server.submitted[0]?.parameters).toMatchObject({ width: 512, height: 768 });
  });

  test('the dice rolls a seed and the cross takes it away', async () => {
    const page = await openPage();
    await page.get('.dice').trigger('click');
    expect(page.get<HTMLInputElement>('#seed').element.value).toMatch(/^\d{1,16}$/);
    await page.get('.clear').trigger('click');
    expect(page.get<HTMLInputElement>('#seed').element.value).toBe('');
  });

  test('a workflow that no worker can run says what is missing and cannot be sent', async () => {
    server.workflows = [sampleWorkflow({ available: false, missing: ['checkpoints/a.safetensors'] })];
    const page = await openPage();
    expect(page.get('.reason').text()).toBe('Missing on every worker: checkpoints/a.safetensors');
    expect(page.get('#generate-reason').text()).toBe('No worker can run this workflow now');
  });

  test('more than one picture is sent as a batch', async () => {
    const page = await openPage();
    await page.get('#prompt-prompt').setValue('a boat');
    await page.get('[aria-label="One more"]').trigger('click');
    await page.get('.go').trigger('click');
    await flushPromises();
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
    expect(page.get('.drop img').attributes('src')).toMatch(/^blob:/);
    expect(page.find('#generate-reason').exists()).toBe(false);
    await page.get('.remove').trigger('click');
    expect(page.get('#generate-reason').text()).toBe('Add a picture first');
  });

  test('a file that is no picture is refused at once', async () => {
    server.workflows = [sampleImageWorkflow()];
    const page = await openPage();
    const file = new File(['x'], 'notes.txt', { type: 'text/plain' });
    await page.get('.drop').trigger('drop', { dataTransfer: { files: [file] } });
    expect(page.get('.drop + .problem').text()).toBe('This file is not a picture.');
    expect(server.uploads).toEqual([]);
  });
});

describe('the gallery', () => {
  test('nothing yet offers ideas that fill the prompt', async () => {
    const page = await openPage();
    await page.get('.empty li button').trigger('click');
    expect(page.get<HTMLTextAreaElement>('#prompt-prompt').element.value).toMatch(/^A lighthouse/);
  });

  test('a failed list is said and can be tried again', async () => {
    server.listRefusal = new ApiFailure('UNREACHABLE', 'no answer');
    const page = await openPage();
    expect(page.get('.gallery [role="alert"]').text()).toContain('The server does not answer');
    server.listRefusal = null;
    await page.get('.gallery [role="alert"] button').trigger('click');
    await flushPromises();
    expect(page.find('.gallery .empty').exists()).toBe(true);
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
    expect(page.get('[role="progressbar"]').attributes('aria-valuenow')).toBe('42');
    expect(page.get('.run').text()).toContain('KSampler');
    expect(page.get('.run').text()).toContain('Step 8 of 20');
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
    const page = await openPage();
    const task = sampleTask({ status: 'succeeded', attempt_count: 1, results: [sampleResult()] });
    server.send({ kind: 'snapshot', task });
    await flushPromises();
    expect(page.get('.cell img').attributes('src')).toBe('/api/fleet/assets/asset-1/content?signature=a');
    expect(page.find('[role="progressbar"]').exists()).toBe(false);
  });

  test('waiting tasks say their place in the queue', async () => {
    server.tasks = [sampleTask({ queue_position: 3 })];
    const page = await openPage();
    expect(page.get('.calm').text()).toBe('3 ahead');
  });

  test('a running task can be canceled from its tile', async () => {
    server.tasks = [sampleTask({ status: 'running' })];
    const page = await openPage();
    await page.get('.cancel').trigger('click');
    await flushPromises();
    expect(server.canceled).toEqual(['task-1']);
    expect(page.get('.calm').text()).toContain('Canceled');
  });

  test('a picture whose link ran out is asked for again', async () => {
    server.tasks = [sampleTask({ status: 'succeeded', results: [sampleResult()] })];
    const page = await openPage();
    await page.get('.cell img').trigger('error');
    await flushPromises();
    expect(server.loaded).toEqual(['task-1']);
  });

  test('a lost connection is said with the time of the last word', async () => {
    server.tasks = [sampleTask({ status: 'running' })];
    const page = await openPage();
    server.live?.state('lost');
    await flushPromises();
    expect(page.get('.lamp').text()).toBe('Reconnecting…');
    expect(page.get('.stale').text()).toContain('No word from the server since');
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
    expect(page.get('.go').text()).toContain('生成');
    expect(page.get('.title').text()).toBe('文生图');
    await page.get('.switch button').trigger('click');
    expect(page.get('.go').text()).toContain('Generate');
  });
});

describe('workflows that become available', () => {
  test('the page looks again while the chosen one cannot run, and takes what can', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const other = sampleWorkflow({ name: 'sdxl', title: { en: 'SDXL', zh: 'SDXL' }, is_default: false });
    server.workflows = [sampleWorkflow({ available: false }), { ...other, available: false }];
    const page = await openPage();
    expect(page.get('.title').text()).toBe('Text to image');
    server.workflows = [sampleWorkflow({ available: false }), other];
    vi.advanceTimersByTime(3000);
    vi.useRealTimers();
    await flushPromises();
    expect(page.get('.title').text()).toBe('SDXL');
  });
});
