import { describe, expect, it } from 'vitest';
import { classifyHistory } from './classify-history.ts';
import type { HistoryEntry } from './history-entry.ts';

const file = { filename: 'a_00001_.png', subfolder: '', type: 'output' };

function entry(
  messages: [string, Record<string, unknown>][],
  rest: Partial<HistoryEntry> = {},
): HistoryEntry {
  return {
    outputs: { '3': { images: [file] } },
    status: { status_str: 'success', completed: true, messages },
    ...rest,
  };
}

describe('classifying a history entry', () => {
  it('CD3 success needs execution_success and a status that is no error', () => {
    const messages: [string, Record<string, unknown>][] = [['execution_success', {}]];
    expect(classifyHistory(entry(messages)).kind).toBe('succeeded');
    const contradiction = { status_str: 'error', completed: false, messages };
    expect(classifyHistory(entry(messages, { status: contradiction })).kind).toBe('failed');
    expect(classifyHistory(entry([['execution_start', {}]])).kind).toBe('incomplete');
  });

  it('an error message wins over a success status left from the prompt before', () => {
    const verdict = classifyHistory(
      entry([['execution_error', { node_id: '2', exception_type: 'DependencyCycle' }]]),
    );
    expect(verdict).toMatchObject({
      kind: 'failed',
      error: { nodeId: '2', exceptionType: 'DependencyCycle' },
    });
  });

  it('an interrupted prompt is no failure, though its status says error', () => {
    const messages: [string, Record<string, unknown>][] = [
      ['execution_interrupted', { node_id: '2', node_type: 'KSampler' }],
    ];
    const verdict = classifyHistory(
      entry([], { status: { status_str: 'error', completed: false, messages } }),
    );
    expect(verdict).toMatchObject({ kind: 'interrupted', nodeId: '2', nodeType: 'KSampler' });
  });

  it('a blocked branch does not fail its prompt', () => {
    const blocked = entry([
      ['execution_error', { exception_type: 'ExecutionBlocked' }],
      ['execution_success', {}],
    ]);
    expect(classifyHistory(blocked, ['3', '9']).kind).toBe('succeeded');
  });

  const success: [string, Record<string, unknown>][] = [
    ['execution_cached', { nodes: ['1', '2'] }],
    ['execution_success', {}],
  ];

  it('TD5 a saver that was blocked, or that reports nothing, is a success without outputs', () => {
    expect(classifyHistory(entry(success, { outputs: {}, meta: {} }))).toEqual({
      kind: 'succeeded',
      outputs: [],
      cachedNodeIds: ['1', '2'],
    });
  });

  it('CD4 empty outputs are damaged when a frame, or the meta of the entry, says that there were some', () => {
    const empty = entry(success, { outputs: {} });
    expect(classifyHistory(empty, ['3'])).toMatchObject({ kind: 'incomplete' });
    expect(classifyHistory({ ...empty, meta: { '3': { node_id: '3' } } })).toMatchObject({
      kind: 'incomplete',
      reason: 'history has no output of node 3',
    });
    expect(classifyHistory(entry(success), ['3', '9']).kind).toBe('succeeded');
  });

  it.each([
    ['no status', { status: null }],
    [
      'no outputs',
      { status: { status_str: 'success', messages: [['execution_success', {}]] }, outputs: undefined },
    ],
    [
      'messages of another shape',
      { status: { status_str: 'success', completed: true, messages: ['execution_success'] } },
    ],
    ['nothing', {}],
  ] satisfies [string, HistoryEntry][])('an entry with %s is incomplete, not a crash', (_name, broken) => {
    expect(classifyHistory(broken).kind).toBe('incomplete');
  });

  it('keeps the texts of an error to 64 kB, with a mark where they are cut', () => {
    const data = {
      exception_message: 'x'.repeat(1_000_000),
      traceback: Array(100_000).fill('  File "a.py"\n'),
      node_id: '1',
    };
    const classified = classifyHistory(entry([['execution_error', data]]));
    if (classified.kind !== 'failed') throw new Error(classified.kind);
    expect(classified.error.message).toBe(`${'x'.repeat(65_536)} … (cut: 0.9 MB more)`);
    expect(classified.error.traceback.join('').length).toBeLessThan(65_536);
    expect(classified.error.traceback[0]).toBe('… (cut: 1.4 MB more)\n');
  });
});
