import type { Parameter, Workflow } from '@comfleet/contract';
import { flushPromises } from '@vue/test-utils';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ApiFailure } from '../api/api.ts';
import { FakeServer } from '../testing/fake-server.ts';
import { mountPage } from '../testing/mount-page.ts';
import {
  sampleImageWorkflow,
  sampleParameter,
  sampleProgress,
  sampleResult,
  sampleTask,
  sampleWorkflow,
} from '../testing/samples.ts';

let server: FakeServer;
let unmount: () => void = () => undefined;

beforeEach(() => {
  server = new FakeServer();
});
afterEach(() => {
  unmount();
});

async function openPage(options: Parameters<typeof mountPage>[1] = {}) {
  const mounted = await mountPage(server, options);
  unmount = () => mounted.page.unmount();
  return mounted.page;
}

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

describe('the picture box', () => {
  const two = [
    sampleTask({
      task_id: 'b',
      created_at: '2026-01-01T11:00:00.000Z',
      status: 'succeeded',
      results: [sampleResult()],
    }),
    sampleTask({
      task_id: 'a',
      status: 'failed',
      error: { code: 'OUT_OF_MEMORY', message: 'no room', details: null },
    }),
  ];

  test('TD6 it names what was left out of the results', async () => {
    const warning = { code: 'output.refused', params: { status: 400 } };
    const left = { code: 'warning.output', params: { file: 'bad..png', node: '3', reason: warning } };
    server.tasks = [sampleTask({ status: 'succeeded', results: [sampleResult()], warning_texts: [left] })];
    const page = await openPage();
    await page.get('.cell .whole').trigger('click');
    await flushPromises();
    expect(document.querySelector('.details .warnings p')?.textContent).toBe(
      'Left out: bad..png (node 3): the worker does not serve it and answers 400.',
    );
  });

  test('TD11 tile and box say which node failed with what message, and the box its traceback', async () => {
    const details = {
      node_id: '2',
      class_type: 'TestSyncError',
      title: 'My node',
      exception_type: 'RuntimeError',
      message: 'Intentional',
      traceback: 'File "nodes.py", line 1',
    };
    const error = { code: 'NODE_EXECUTION_ERROR', message: 'A node failed.', details };
    server.tasks = [sampleTask({ status: 'failed', error })];
    const page = await openPage();
    const why = 'Node 2 "My node" (TestSyncError): RuntimeError: Intentional';
    expect(page.get('.cell .why').text()).toBe(why);
    await page.get('.cell .whole').trigger('click');
    await flushPromises();
    expect(page.get('dialog .error p').text()).toBe(why);
    expect(page.get('dialog .error pre').text()).toBe('File "nodes.py", line 1');
  });

  test('TD11 the box names every input of a refusal', async () => {
    const errors = ['width', 'height'].map((name) => ({ message: 'Value not in list', input_name: name }));
    const details = { node_errors: { '5': { class_type: 'EmptyImage', errors } } };
    const error = { code: 'PROMPT_REFUSED', message: 'Refused.', details };
    server.tasks = [sampleTask({ status: 'failed', error })];
    const page = await openPage();
    await page.get('.cell .whole').trigger('click');
    await flushPromises();
    expect(page.get('dialog .error').text()).toContain(
      'The worker refused it. Node 5 (EmptyImage), input "width": Value not in list',
    );
    expect(page.get('dialog .error li').text()).toBe(
      'Node 5 (EmptyImage), input "height": Value not in list',
    );
  });

  test('CP6 it opens on a tile, moves with the arrow keys and closes', async () => {
    server.tasks = two;
    const page = await openPage();
    await page.get('.cell .whole').trigger('click');
    await flushPromises();
    expect(page.get('dialog .place').text()).toBe('1 / 2');
    await page.get('dialog').trigger('keydown', { key: 'ArrowRight' });
    await flushPromises();
    expect(page.get('dialog .place').text()).toBe('2 / 2');
    expect(page.get('dialog .error').text()).toContain('no room');
    await page.get('dialog .close').trigger('click');
    await flushPromises();
    expect(page.find('dialog').exists()).toBe(false);
  });

  test('it runs a task again', async () => {
    server.tasks = two;
    const page = await openPage();
    await page.get('.cell .whole').trigger('click');
    await flushPromises();
    await page.findAll('dialog .acts button')[0]?.trigger('click');
    await flushPromises();
    expect(server.retried).toEqual(['b']);
  });

  test('TD16 of a task whose paid nodes may have run it asks: again, or give up', async () => {
    const error = { code: 'PROMPT_LOST', message: '', details: null };
    const held = { status: 'held', held_reason: 'needs_decision', error } as const;
    server.tasks = [sampleTask({ task_id: 'paid', ...held })];
    const page = await openPage();
    expect(page.get('.tile').text()).toContain('Paid nodes may have run');
    await page.get('.tile .whole').trigger('click');
    await flushPromises();
    for (const button of page.findAll('dialog .acts button').slice(0, 2)) await button.trigger('click');
    await flushPromises();
    expect(server.decided).toEqual([
      ['paid', 'run_again'],
      ['paid', 'give_up'],
    ]);
  });

  test('using its settings fills the form with every digit of the seed', async () => {
    server.tasks = [
      sampleTask({
        status: 'succeeded',
        seed: '18446744073709551615',
        parameters: { prompt: 'a whale', width: 768, height: 512, steps: 30 },
        results: [sampleResult()],
      }),
    ];
    const page = await openPage();
    await page.get('article [aria-label="Use these settings"]').trigger('click');
    expect(page.get<HTMLTextAreaElement>('#prompt-prompt').element.value).toBe('a whale');
    expect(page.get<HTMLInputElement>('#seed').element.value).toBe('18446744073709551615');
  });
});

describe('signing in', () => {
  test('wrong credentials are said and nothing is kept', async () => {
    const page = await openPage({ signedIn: false });
    server.refusal = new ApiFailure('UNAUTHORIZED', 'no');
    await page.get('[name="client_id"]').setValue('me');
    await page.get('[name="client_secret"]').setValue('wrong');
    await page.get('form').trigger('submit');
    await flushPromises();
    expect(page.get('[role="alert"]').text()).toBe('These credentials are not valid.');
    expect(window.sessionStorage.getItem('comfleet.token')).toBeNull();
  });

  test('client credentials open the page; the bearer is kept for this tab only', async () => {
    const page = await openPage({ signedIn: false });
    await page.get('[name="client_id"]').setValue('me');
    await page.get('[name="client_secret"]').setValue('secret');
    await page.get('form').trigger('submit');
    await flushPromises();
    expect(page.find('.composer').exists()).toBe(true);
    expect(window.sessionStorage.getItem('comfleet.token')).toBe('token-of-me');
    expect(document.cookie).toBe('');
  });

  test('a token that ran out leads back to the sign-in page with the reason', async () => {
    const page = await openPage();
    server.live?.refused(new ApiFailure('UNAUTHORIZED', 'expired'));
    await flushPromises();
    expect(page.get('[role="alert"]').text()).toBe('Your sign-in has run out. Please sign in again.');
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

describe('a workflow whose model is to be chosen', () => {
  const checkpoint = (fields: Partial<Parameter>) =>
    sampleParameter({
      name: 'checkpoint',
      label: { en: 'Checkpoint', zh: '底模' },
      data_type: 'string',
      options: ['a.ckpt', 'b.ckpt'],
      names_model: true,
      min: null,
      max: null,
      ...fields,
    });
  const withCheckpoint = (fields: Partial<Parameter>, workflow: Partial<Workflow> = {}) => {
    const sample = sampleWorkflow(workflow);
    return { ...sample, parameters: [...sample.parameters, checkpoint(fields)] };
  };

  test('TD13 stands in the open with what is used, and is sent', async () => {
    server.workflows = [withCheckpoint({ default_value: 'b.ckpt' })];
    const page = await openPage();
    expect(page.get('[data-control="choice"]').text()).toContain('b.ckpt');
    await page.get('#prompt-prompt').setValue('a boat');
    await page.get('.go').trigger('click');
    await flushPromises();
    expect(server.submitted[0]?.parameters).toMatchObject({ checkpoint: 'b.ckpt' });
  });

  test('TD13 is asked for where nothing stands in, and what is chosen decides whether it can run', async () => {
    const missing = ['gone.ckpt'];
    const fields = { default_value: null, required: true };
    server.workflows = [withCheckpoint(fields, { available: false, missing })];
    server.missingWith = ({ checkpoint: chosen }) => (chosen === 'a.ckpt' ? [] : ['b.ckpt']);
    const page = await openPage();
    await page.get('#prompt-prompt').setValue('a boat');
    expect(page.get('#generate-reason').text()).toBe('Checkpoint: needs a value');

    const field = page.getComponent({ name: 'ParameterField' });
    field.vm.$emit('change', 'b.ckpt');
    await flushPromises();
    expect(page.get('#generate-reason').text()).toBe('No worker can run this workflow now');
    expect(page.get('.picker .reason').text()).toContain('b.ckpt');

    field.vm.$emit('change', 'a.ckpt');
    await flushPromises();
    expect(page.get('.go').attributes('disabled')).toBeUndefined();
    expect(page.find('.picker .reason').exists()).toBe(false);
    expect(server.judged).toEqual([{ checkpoint: 'b.ckpt' }, { checkpoint: 'a.ckpt' }]);
  });

  test('one that is gone gives way to what stands in now', async () => {
    server.workflows = [withCheckpoint({ default_value: 'a.ckpt' })];
    const page = await openPage();
    server.workflows = [withCheckpoint({ default_value: 'b.ckpt', options: ['b.ckpt'] })];
    server.live?.state('lost');
    await flushPromises();
    server.live?.state('live');
    await flushPromises();
    expect(page.get('[data-control="choice"]').text()).toContain('b.ckpt');
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
