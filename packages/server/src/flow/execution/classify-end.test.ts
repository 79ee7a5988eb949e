import type { CollectedOutput } from '@comfleet/comfyui';
import { describe, expect, test } from 'vitest';
import { classifyCollected, classifyEnd } from './classify-end.ts';

const ERROR = {
  nodeId: '3',
  nodeType: 'KSampler',
  exceptionType: 'RuntimeError',
  message: 'boom',
  traceback: ['  File "/home/somebody/ComfyUI/nodes.py", line 12, in run\n', 'RuntimeError: boom\n'],
  executed: ['1'],
};

describe('how a prompt’s end becomes an attempt’s', () => {
  test('a success hands its outputs on', () => {
    const outputs: CollectedOutput[] = [
      { nodeId: '9', key: 'images', index: 0, kind: 'image', temporary: false, text: 'x' },
    ];

    const cachedNodeIds = ['1'];

    expect(classifyEnd({ kind: 'succeeded', outputs, cachedNodeIds })).toEqual({
      kind: 'collect',
      outputs,
      cachedNodeIds,
    });
  });

  test('CD14 a node’s error ends the attempt with node, class, type, message and traceback', () => {
    const classified = classifyEnd({ kind: 'failed', error: ERROR, outputs: [] });

    expect(classified).toMatchObject({
      kind: 'over',
      result: {
        ending: 'failed',
        error: {
          code: 'NODE_EXECUTION_ERROR',
          details: {
            node_id: '3',
            class_type: 'KSampler',
            exception_type: 'RuntimeError',
            message: 'boom',
            traceback: '  File "nodes.py", line 12, in run\nRuntimeError: boom\n',
          },
        },
      },
    });
  });

  test.each([
    ['File "C:\\Users\\me\\ComfyUI\\execution.py", line 1', 'File "execution.py", line 1'],
    ['File "/srv/a b/nodes.py", line 1', 'File "nodes.py", line 1'],
    ['no path here', 'no path here'],
  ])('folders of the worker stay with the worker: %s', (line, shown) => {
    const classified = classifyEnd({ kind: 'failed', error: { ...ERROR, traceback: [line] }, outputs: [] });

    expect(classified).toMatchObject({ result: { error: { details: { traceback: shown } } } });
  });

  test.each(['torch.OutOfMemoryError', 'torch.cuda.OutOfMemoryError'])(
    'TQ9 %s is recognised and moves on',
    (exceptionType) => {
      const classified = classifyEnd({ kind: 'failed', error: { ...ERROR, exceptionType }, outputs: [] });

      expect(classified).toMatchObject({ result: { error: { code: 'OUT_OF_MEMORY' }, avoidWorker: true } });
    },
  );

  test('CD14 an interruption that was not ours is an ending of its own', () => {
    const classified = classifyEnd({ kind: 'interrupted', nodeId: '3', nodeType: 'KSampler', outputs: [] });

    expect(classified).toMatchObject({
      kind: 'over',
      result: { ending: 'interrupted', error: { code: 'PROMPT_INTERRUPTED' } },
    });
  });

  test('a prompt that the worker forgot is lost, which is not the worker’s failure', () => {
    const classified = classifyEnd({ kind: 'lost', reason: 'absent' });

    expect(classified).toMatchObject({
      result: { ending: 'lost', error: { code: 'PROMPT_LOST' }, avoidWorker: false, workerDied: false },
    });
  });

  test('CD4 a history that never became complete is not a success', () => {
    const classified = classifyEnd({ kind: 'unreadable', reason: 'history incomplete' });

    expect(classified).toMatchObject({ result: { ending: 'failed', error: { code: 'HISTORY_INCOMPLETE' } } });
  });

  test('a history above our limits says so, as no result file is', () => {
    const reason = 'GET /history/1 has values nested deeper than 512';
    const details = { reason: 'history', message_text: { code: 'failure.history_too_large', params: {} } };

    expect(classifyEnd({ kind: 'unreadable', reason, isTooLarge: true })).toMatchObject({
      result: { ending: 'failed', error: { code: 'RESULT_TOO_LARGE', details } },
    });
  });
});

describe('how what was fetched becomes an attempt’s end', () => {
  const refused = { code: 'OUTPUT_REFUSED', details: { file: 'bad.png' } } as const;
  const gone = { code: 'OUTPUT_GONE', details: { file: 'gone.png' } } as const;
  const left = { code: 'WORKER_UNREACHABLE', details: { dispatched: true, started: false } } as const;

  test('TD6 files with a certain failure, or with none, are a success; so is a prompt that announced no files', () => {
    expect(classifyCollected({ problems: [refused], resultCount: 1 })).toEqual({ ending: 'succeeded' });
    expect(classifyCollected({ problems: [], resultCount: 2 })).toEqual({ ending: 'succeeded' });
    expect(classifyCollected({ problems: [], resultCount: 0 })).toEqual({ ending: 'succeeded' });
  });

  test('TD5 what is certain is the failure of a prompt without any file', () => {
    const classified = classifyCollected({ problems: [refused, refused], resultCount: 0 });
    expect(classified).toMatchObject({ ending: 'failed', error: refused, hasFiles: false });
  });

  test('what another run may fix ends the attempt and keeps the good files', () => {
    const classified = classifyCollected({ problems: [refused, gone], resultCount: 1 });
    expect(classified).toMatchObject({ ending: 'failed', error: gone, hasFiles: true, avoidWorker: false });
    expect(classifyCollected({ problems: [left], resultCount: 1 })).toMatchObject({
      ending: 'lost',
      error: left,
      workerDied: false,
    });
  });
});
