import { flushPromises } from '@vue/test-utils';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FakeServer } from '../testing/fake-server.ts';
import { createPages } from '../testing/mount-page.ts';
import { sampleResult, sampleTask } from '../testing/samples.ts';

let server: FakeServer;
const { begin, openPage, end } = createPages();
beforeEach(() => {
  server = begin();
});
afterEach(end);

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
