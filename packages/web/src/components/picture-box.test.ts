import { flushPromises } from '@vue/test-utils';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FakeServer } from '../testing/fake-server.ts';
import { createPages } from '../testing/mount-page.ts';
import { sampleResult, sampleTask } from '../testing/samples.ts';
import { user } from '../testing/user.ts';

let server: FakeServer;
const { begin, openPage, end } = createPages();
beforeEach(() => {
  server = begin();
});
afterEach(end);

/** Opens the first tile. */
async function openTile(): Promise<void> {
  user.seesAll('button', /^(Open|Details): /)[0]?.click();
  await flushPromises();
}

const box = () => user.within(user.sees('dialog'));
const textOf = (heading: string) => box().sees('heading', heading).closest('section')?.textContent ?? '';

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
    await openPage();
    await openTile();
    expect(textOf('To be known of the result')).toContain(
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
    await openPage();
    const why = 'Node 2 "My node" (TestSyncError): RuntimeError: Intentional';
    expect(user.sees('article').textContent).toContain(why);
    await openTile();
    expect(textOf('What went wrong')).toContain(why);
    expect(textOf('What went wrong')).toContain('File "nodes.py", line 1');
  });

  test('TD11 the box names every input of a refusal', async () => {
    const errors = ['width', 'height'].map((name) => ({ message: 'Value not in list', input_name: name }));
    const details = { node_errors: { '5': { class_type: 'EmptyImage', errors } } };
    const error = { code: 'PROMPT_REFUSED', message: 'Refused.', details };
    server.tasks = [sampleTask({ status: 'failed', error })];
    await openPage();
    await openTile();
    expect(textOf('What went wrong')).toContain(
      'The worker refused it. Node 5 (EmptyImage), input "width": Value not in list',
    );
    expect(box().sees('listitem').textContent).toBe('Node 5 (EmptyImage), input "height": Value not in list');
  });

  test('CP6 it opens on a tile, moves with the arrow keys and closes', async () => {
    server.tasks = two;
    await openPage();
    await openTile();
    expect(user.sees('dialog').textContent).toContain('1 / 2');
    await user.hits(box().sees('button', 'Close'), { key: 'ArrowRight' });
    expect(user.sees('dialog').textContent).toContain('2 / 2');
    expect(textOf('What went wrong')).toContain('no room');
    await box().presses('Close');
    expect(user.seesAll('dialog')).toEqual([]);
  });

  test('it runs a task again', async () => {
    server.tasks = two;
    await openPage();
    await openTile();
    await box().presses('Run again');
    expect(server.retried).toEqual(['b']);
  });

  test('TD16 of a task whose paid nodes may have run it asks: again, or give up', async () => {
    const error = { code: 'PROMPT_LOST', message: '', details: null };
    const held = { status: 'held', held_reason: 'needs_decision', error } as const;
    server.tasks = [sampleTask({ task_id: 'paid', ...held })];
    await openPage();
    expect(user.sees('article').textContent).toContain('Paid nodes may have run');
    await openTile();
    const ways = ['Run it and pay again', 'Give up'].map((name) => box().sees('button', name));
    for (const way of ways) way.click();
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
    await openPage();
    await user.presses('Use these settings');
    expect(user.reads('Prompt')).toBe('a whale');
    expect(user.reads('Seed')).toBe('18446744073709551615');
  });
});
