import { describe, expect, test } from 'vitest';
import { sampleImageWorkflow, sampleParameter, sampleWorkflow } from '../testing/samples.ts';
import { findProblems, initialValues, toSubmission } from './draft-values.ts';

const workflow = sampleWorkflow();
const values = { ...initialValues(workflow), prompt: 'a boat' };

describe('findProblems', () => {
  test('an empty required prompt is the only problem of a fresh form', () => {
    expect(findProblems(workflow, initialValues(workflow))).toEqual([
      { parameter: 'prompt', key: 'required', limit: null },
    ]);
  });

  test.each([
    [{ width: 32 }, 'tooSmall', 64],
    [{ width: 4096 }, 'tooLarge', 2048],
    [{ width: 100 }, 'notMultiple', 64],
    [{ steps: 1.5 }, 'notMultiple', 1],
    [{ seed: '18446744073709551616' }, 'notSeed', null],
    [{ prompt: 'x'.repeat(2001) }, 'tooLong', 2000],
  ])('%o is refused before it is sent: %s', (change, key, limit) => {
    expect(findProblems(workflow, { ...values, ...change })).toMatchObject([{ key, limit }]);
  });

  test('a float in steps of a tenth is no problem for being binary', () => {
    const tenths = sampleWorkflow({
      parameters: [sampleParameter({ name: 'cfg', data_type: 'float', min: 0, max: 20, multiple_of: 0.1 })],
    });
    expect(findProblems(tenths, { cfg: 7.3 })).toEqual([]);
  });
});

describe('toSubmission', () => {
  test('one picture is one task; an empty seed asks the server to draw', () => {
    const submission = toSubmission({ workflow, values, priority: 8, count: 1 });
    expect(submission).toEqual({
      kind: 'task',
      body: {
        workflow_name: 'sd_basic',
        task_type: 'text_to_image',
        priority: 8,
        parameters: { prompt: 'a boat', width: 512, height: 512, seed: -1, steps: 20 },
      },
    });
  });

  test('a seed beyond 2^53 is sent with every digit', () => {
    const submission = toSubmission({
      workflow,
      values: { ...values, seed: '18446744073709551615' },
      priority: 5,
      count: 1,
    });
    expect(submission.body.parameters).toMatchObject({ seed: '18446744073709551615' });
  });

  test('several pictures from a fixed seed are a batch that counts up', () => {
    const submission = toSubmission({ workflow, values: { ...values, seed: '41' }, priority: 5, count: 3 });
    expect(submission).toMatchObject({
      kind: 'batch',
      body: {
        tasks: [
          { parameters: { seed: '41' } },
          { parameters: { seed: '42' } },
          { parameters: { seed: '43' } },
        ],
      },
    });
  });

  test('several pictures without a seed leave each its own draw', () => {
    const submission = toSubmission({ workflow, values, priority: 5, count: 2 });
    expect(submission).toMatchObject({ kind: 'batch', body: { tasks: [{}, {}] } });
  });

  test('a chosen picture is sent as its upload id', () => {
    const image = { uploadId: 'upload-1', name: 'cat.png', url: 'blob:1', remoteUrl: '/x' };
    const submission = toSubmission({
      workflow: sampleImageWorkflow(),
      values: { image },
      priority: 5,
      count: 1,
    });
    expect(submission.body.parameters).toEqual({ image: 'upload-1' });
  });

  test('an emptied text is sent where the workflow has one of its own', () => {
    const own = sampleWorkflow({
      parameters: [
        sampleParameter({ name: 'negative_prompt', data_type: 'string', default_value: 'blurry' }),
      ],
    });
    const submission = toSubmission({
      workflow: own,
      values: { negative_prompt: '' },
      priority: 5,
      count: 1,
    });
    expect(submission.body.parameters).toEqual({ negative_prompt: '' });
  });
});
