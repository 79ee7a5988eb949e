import type { RecordedVersion } from '@comfleet/simulator/conformance';
import { describe, expect, it } from 'vitest';
import { readTranscript, type TranscriptLine } from '../../test/read-transcript.ts';
import { isRecord } from '../json/records.ts';
import type { SocketMessage } from '../socket/socket-message.ts';
import { nextTickDelayMs } from './detector-times.ts';
import type { HistoryEntry } from './history-entry.ts';
import { createPromptState, nextPromptState, type PromptSignal, type PromptState } from './prompt-state.ts';

const PROMPT = '0199f2aa-0000-7000-8000-000000000001';

function start(promptId = PROMPT): PromptState {
  return createPromptState({ promptId, atMs: 0 });
}

function run(state: PromptState, signals: PromptSignal[]): PromptState {
  return signals.reduce((before, signal) => nextPromptState(before, signal).state, state);
}

const socket = (message: SocketMessage, atMs = 0): PromptSignal => ({ kind: 'socket', message, atMs });
const executing = (node: string | null, promptId: string | null): SocketMessage => ({
  type: 'executing',
  data: { node, display_node: node, prompt_id: promptId },
});
const status = (remaining: number): SocketMessage => ({
  type: 'status',
  data: { queue_remaining: remaining, sid: null },
});
const success: HistoryEntry = {
  outputs: { '3': { images: [{ filename: 'a_00001_.png', subfolder: '', type: 'output' }] } },
  status: {
    status_str: 'success',
    completed: true,
    messages: [['execution_success', { prompt_id: PROMPT }]],
  },
};

/** Every prompt submitted in a recording with the history the server gave for it. */
function recordedPrompts(lines: TranscriptLine[]): { promptId: string; entry: HistoryEntry | null }[] {
  return lines.flatMap((line) => {
    if (line.kind !== 'http' || line.call !== 'POST /prompt' || line.status !== 200) return [];
    if (!isRecord(line.response)) return [];
    const promptId = String(line.response['prompt_id']);
    const answer = lines.find((other) => other.kind === 'http' && other.call === `GET /history/${promptId}`);
    const response = answer?.kind === 'http' ? answer.response : null;
    const entry = isRecord(response) && isRecord(response[promptId]) ? response[promptId] : null;
    return [{ promptId, entry }];
  });
}

const ENDS: [RecordedVersion, string, string[]][] = [
  ['0.3.64', 'success', ['succeeded']],
  ['0.3.64', 'fully-cached-second-run', ['succeeded']],
  ['0.3.64', 'node-error', ['failed']],
  ['0.3.64', 'interrupt-running', ['interrupted']],
  ['0.3.64', 'partial-200-node-errors', ['succeeded']],
  ['0.3.64', 'three-queued-one-deleted', ['succeeded', 'lost', 'succeeded']],
  ['0.3.64', 'sleep-with-progress-text', ['succeeded']],
  ['0.3.64', 'websocket-image-plain', ['succeeded']],
  ['0.3.64', 'websocket-image-with-metadata', ['succeeded']],
  ['0.3.64', 'reconnect-mid-run', ['succeeded']],
  ['0.3.64', 'sampler-cold-model-with-previews', ['succeeded']],
  ['0.3.64', 'sampler-warm-model', ['succeeded']],
  ['0.3.64', 'sampler-other-model', ['succeeded']],
  ['0.3.64', 'sampler-previews-with-metadata', ['succeeded']],
  ['0.3.64', 'sampler-interrupted-at-step-5', ['interrupted']],
  ['0.3.64', 'animated-and-preview-outputs', ['succeeded']],
  ['0.3.64', 'audio-output', ['succeeded']],
  ['0.3.64', 'video-outputs', ['succeeded']],
  ['0.3.64', 'uploads-and-load-image', ['succeeded']],
  ['0.33', 'success', ['succeeded']],
  ['0.33', 'node-error', ['failed']],
  ['0.33', 'interrupt-running', ['interrupted']],
  ['0.33', 'partial-200-node-errors', ['succeeded']],
  ['0.33', 'reconnect-mid-run', ['succeeded']],
  ['0.33', 'progress-text-node', ['succeeded']],
  ['0.33', 'silent-output-node', ['succeeded']],
  ['0.33', '3d-output', ['succeeded']],
  ['0.33', 'text-and-other-outputs', ['succeeded', 'succeeded']],
  ['0.33', 'sampler-with-preview-method-in-extra-data', ['succeeded']],
  ['0.33', 'sampler-with-preview-method-and-metadata', ['succeeded']],
];

describe('the detector on recordings of a real ComfyUI', () => {
  it.each(ENDS)('TD10 of %s: %s ends as %j', (version, name, ends) => {
    const lines = readTranscript(name, version);
    const found = recordedPrompts(lines).map(({ promptId, entry }) => {
      let state = run(start(promptId), [{ kind: 'submitted', atMs: 0 }]);
      for (const line of lines) {
        if (line.kind === 'message') state = run(state, [socket(line.message, 1)]);
        expect(state.phase).not.toBe('ended');
      }
      // The queue was empty at the end of every recording.
      const after: PromptSignal[] = [4000, 7000].flatMap((atMs) => [
        { kind: 'queue', place: 'absent', atMs },
        { kind: 'history', entry, atMs },
      ]);
      const ended = run(state, after);
      return ended.phase === 'ended' ? ended.end.kind : ended.phase;
    });
    expect(found).toEqual(ends);
  });

  it('CD21 a fully cached prompt completes with the files of the earlier run', () => {
    const [prompt] = recordedPrompts(readTranscript('fully-cached-second-run'));
    const state = run(start(prompt?.promptId), [{ kind: 'history', entry: prompt?.entry ?? null, atMs: 1 }]);
    expect(state).toMatchObject({
      end: { kind: 'succeeded', outputs: [{ file: { filename: 'plain_00001_.png', type: 'output' } }] },
    });
  });

  it('CD14 a recorded node error carries node, type, message and traceback', () => {
    const [prompt] = recordedPrompts(readTranscript('node-error'));
    const state = run(start(prompt?.promptId), [{ kind: 'history', entry: prompt?.entry ?? null, atMs: 1 }]);
    expect(state).toMatchObject({
      end: {
        kind: 'failed',
        error: {
          nodeId: '2',
          nodeType: 'TestSyncError',
          exceptionType: 'RuntimeError',
          message: 'Intentional sync execution error for testing',
          traceback: expect.arrayContaining([expect.stringContaining('execution.py')]),
        },
      },
    });
  });
});

describe('what counts as an end', () => {
  it('CD1 only executing null with the own prompt id announces the end', () => {
    const running = run(start(), [{ kind: 'submitted', atMs: 0 }, socket(executing('1', PROMPT))]);
    expect(nextPromptState(running, socket(executing(null, 'another')))).toEqual({
      state: running,
      ask: null,
    });
    expect(nextPromptState(running, socket(executing(null, null)))).toEqual({ state: running, ask: null });
    expect(nextPromptState(running, socket(executing('2', PROMPT))).state.phase).toBe('running');
    expect(nextPromptState(running, socket(executing(null, PROMPT)))).toMatchObject({
      state: { phase: 'ending' },
      ask: 'history',
    });
  });

  it('CD2 the end marker asks for history at once', () => {
    expect(nextPromptState(start(), socket(executing(null, PROMPT))).ask).toBe('history');
  });

  it.each([
    ['execution_success', { type: 'execution_success', data: { prompt_id: PROMPT } }],
    [
      'execution_error',
      { type: 'execution_error', data: { prompt_id: PROMPT, exception_type: 'ValueError' } },
    ],
    ['execution_interrupted', { type: 'execution_interrupted', data: { prompt_id: PROMPT } }],
  ] satisfies [string, SocketMessage][])(
    '%s asks history at once and ends nothing by itself',
    (_name, message) => {
      const step = nextPromptState(start(), socket(message));
      expect(step).toMatchObject({ state: { phase: 'ending' }, ask: 'history' });
    },
  );

  it('an ExecutionBlocked error is not the end', () => {
    const data = { prompt_id: PROMPT, exception_type: 'ExecutionBlocked' };
    expect(nextPromptState(start(), socket({ type: 'execution_error', data })).state.phase).toBe('pending');
  });

  it('CD8 messages of other prompts leave the state untouched', () => {
    const state = start();
    const others: SocketMessage[] = [
      { type: 'execution_start', data: { prompt_id: 'another' } },
      { type: 'execution_success', data: { prompt_id: 'another' } },
      { type: 'execution_error', data: { prompt_id: 'another' } },
      { type: 'executed', data: { prompt_id: 'another', node: '3', display_node: '3', output: null } },
    ];
    for (const message of others)
      expect(nextPromptState(state, socket(message))).toEqual({ state, ask: null });
  });

  it('a falling queue count and the start of the next prompt ask for history', () => {
    const running = run(start(), [
      { kind: 'submitted', atMs: 0 },
      socket(executing('1', PROMPT)),
      socket(status(2)),
    ]);
    expect(nextPromptState(running, socket(status(2))).ask).toBeNull();
    expect(nextPromptState(running, socket(status(1))).ask).toBe('history');
    const next: SocketMessage = { type: 'execution_start', data: { prompt_id: 'another' } };
    expect(nextPromptState(running, socket(next)).ask).toBe('history');
  });

  it('CD12 an ended prompt ignores everything that comes later', () => {
    const ended = run(start(), [{ kind: 'history', entry: success, atMs: 1 }]);
    const late: PromptSignal[] = [
      socket(executing(null, PROMPT), 2),
      { kind: 'history', entry: success, atMs: 3 },
      { kind: 'queue', place: 'absent', atMs: 4 },
      { kind: 'tick', atMs: 5 },
    ];
    for (const signal of late) expect(nextPromptState(ended, signal)).toEqual({ state: ended, ask: null });
  });
});

describe('late, missing and contradicting history', () => {
  it('waits for a history that comes 10 s after the end', () => {
    const ending = run(start(), [{ kind: 'submitted', atMs: 0 }, socket(executing(null, PROMPT), 0)]);
    const waiting = run(
      ending,
      [100, 1000, 5000, 9900].map((atMs) => ({ kind: 'history', entry: null, atMs })),
    );
    expect(waiting.phase).toBe('ending');
    expect(run(waiting, [{ kind: 'history', entry: success, atMs: 10_000 }])).toMatchObject({
      end: { kind: 'succeeded' },
    });
  });

  it('asks again after 50, 100, 200, 500 and 1000 ms once an end was announced', () => {
    let state = run(start(), [socket(executing(null, PROMPT), 0)]);
    const delays = [1, 2, 3, 4, 5, 6].map((atMs) => {
      state = run(state, [{ kind: 'history', entry: null, atMs }]);
      return nextTickDelayMs(state);
    });
    expect(delays).toEqual([50, 100, 200, 500, 1000, 1000]);
  });

  const executed = (output: unknown): SocketMessage => ({
    type: 'executed',
    data: { prompt_id: PROMPT, node: '3', display_node: '3', output },
  });
  const empty: HistoryEntry = { ...success, outputs: {} };

  it('CD4 a history without the outputs that a frame announced is neither success nor failure', () => {
    const heard = run(start(), [socket(executed({ images: [{ filename: 'a.png' }] }), 0)]);
    const state = run(heard, [{ kind: 'history', entry: empty, atMs: 0 }]);
    expect(state).toMatchObject({ phase: 'ending', reason: 'history has no output of node 3' });
    const overdue = run(state, [{ kind: 'history', entry: empty, atMs: 20_000 }]);
    expect(overdue).toMatchObject({
      end: {
        kind: 'unreadable',
        reason: `history incomplete after history has no output of node 3, task ${PROMPT} may still be running`,
      },
    });
  });

  it.each([
    ['no frame', []],
    ['a cached node that reported null', [socket(executed(null), 0)]],
  ] satisfies [string, PromptSignal[]][])(
    'TD5 a finished prompt without outputs has succeeded at once when %s announced any',
    (_what, signals) => {
      const state = run(start(), [...signals, { kind: 'history', entry: empty, atMs: 0 }]);
      expect(state).toMatchObject({ end: { kind: 'succeeded', outputs: [] } });
    },
  );

  it('an end whose frames and history come 1.2 s late is no fault: nothing is lost, preempted or unreadable', () => {
    const late: PromptSignal[] = [
      socket(executing('3', PROMPT), 100),
      { kind: 'history', entry: null, atMs: 900 },
      // The worker collects garbage: everything it sends from here on is late.
      { kind: 'history', entry: null, atMs: 2100 },
      socket({ type: 'execution_success', data: { prompt_id: PROMPT } }, 2200),
      { kind: 'history', entry: null, atMs: 2250 },
      { kind: 'history', entry: null, atMs: 3400 },
    ];
    const waiting = run(start(), [{ kind: 'submitted', atMs: 0 }, ...late]);
    expect(waiting).toMatchObject({ phase: 'ending', absentSinceMs: null });
    expect(run(waiting, [{ kind: 'history', entry: success, atMs: 3450 }])).toMatchObject({
      end: { kind: 'succeeded' },
    });
  });

  it('a worker that is silent for 1.2 s after its last node is not asked for its queue yet', () => {
    const running = run(start(), [{ kind: 'submitted', atMs: 0 }, socket(executing('3', PROMPT), 100)]);
    const step = nextPromptState(running, { kind: 'history', entry: null, atMs: 1300 });
    expect(step).toMatchObject({ state: { phase: 'running' }, ask: null });
  });

  it('a described failure whose history was wiped ends as that failure', () => {
    const data = { prompt_id: PROMPT, node_id: '2', node_type: 'KSampler', exception_type: 'ValueError' };
    const ending = run(start(), [
      { kind: 'submitted', atMs: 0 },
      socket({ type: 'execution_error', data }, 0),
    ]);
    const asked = nextPromptState(ending, { kind: 'history', entry: null, atMs: 5000 });
    expect(asked.ask).toBe('queue');
    const ended = run(asked.state, [
      { kind: 'queue', place: 'absent', atMs: 5001 },
      { kind: 'history', entry: null, atMs: 5002 },
    ]);
    expect(ended).toMatchObject({ end: { kind: 'failed', error: { nodeId: '2', nodeType: 'KSampler' } } });
  });

  it('a false end marker is withdrawn when the queue still runs the prompt', () => {
    const ending = run(start(), [{ kind: 'submitted', atMs: 0 }, socket(executing(null, PROMPT), 0)]);
    const doubted = nextPromptState(ending, { kind: 'history', entry: null, atMs: 20_000 });
    expect(doubted.ask).toBe('queue');
    expect(run(doubted.state, [{ kind: 'queue', place: 'running', atMs: 20_001 }]).phase).toBe('running');
  });
});

describe('lost prompts', () => {
  const absent = (atMs: number): PromptSignal[] => [
    { kind: 'queue', place: 'absent', atMs },
    { kind: 'history', entry: null, atMs: atMs + 1 },
  ];
  const submitted = run(start(), [{ kind: 'submitted', atMs: 0 }]);

  it('CD11 absent from queue and history twice, two seconds apart, is lost', () => {
    const once = run(submitted, absent(1000));
    expect(once.phase).toBe('queued');
    expect(run(once, absent(2000)).phase).toBe('queued');
    expect(run(once, absent(3000))).toMatchObject({ end: { kind: 'lost' } });
  });

  it('a prompt that was never accepted is never lost, that is for the sender to decide', () => {
    expect(run(start(), [...absent(1000), ...absent(9000)]).phase).toBe('pending');
  });

  it('a message of the prompt between two absences takes the doubt back', () => {
    const state = run(submitted, [...absent(1000), socket(executing('1', PROMPT), 2000), ...absent(3500)]);
    expect(state.phase).toBe('running');
  });

  it('an empty history alone is no absence', () => {
    const signals = [1000, 2000, 9000].map((atMs): PromptSignal => ({ kind: 'history', entry: null, atMs }));
    expect(run(submitted, signals).phase).toBe('queued');
  });

  it('CD18 a reconnect reads the queue first and then history', () => {
    const asked = nextPromptState(submitted, { kind: 'reconnected', atMs: 500 });
    expect(asked.ask).toBe('queue');
    expect(nextPromptState(asked.state, { kind: 'queue', place: 'absent', atMs: 501 }).ask).toBe('history');
  });

  it('CD9 a quiet prompt without history asks the queue', () => {
    const busy = nextPromptState(submitted, { kind: 'history', entry: null, atMs: 2999 });
    const quiet = nextPromptState(submitted, { kind: 'history', entry: null, atMs: 3000 });
    expect([busy.ask, quiet.ask]).toEqual([null, 'queue']);
  });
});

describe('a prompt whose POST was not answered', () => {
  const unclear = run(start(), [{ kind: 'unclear', atMs: 0 }]);
  const absent: PromptSignal[] = [
    { kind: 'queue', place: 'absent', atMs: 100 },
    { kind: 'history', entry: null, atMs: 101 },
  ];

  it.each<[string, PromptSignal, PromptState['phase']]>([
    ['a place in the queue', { kind: 'queue', place: 'pending', atMs: 1 }, 'queued'],
    ['running', { kind: 'queue', place: 'running', atMs: 1 }, 'running'],
    ['its history', { kind: 'history', entry: success, atMs: 1 }, 'ended'],
    ['a message', socket(executing('1', PROMPT)), 'running'],
    [
      'a message of a type unknown',
      socket({ type: 'other', name: 'custom', data: { prompt_id: PROMPT } }),
      'queued',
    ],
    ['the answer after all', { kind: 'submitted', atMs: 1 }, 'queued'],
    ['a message of another prompt', socket(executing('1', 'another')), 'unclear'],
    ['one absence', { kind: 'history', entry: null, atMs: 1 }, 'unclear'],
  ])('is unclear until the server shows it: %s', (_, signal, phase) => {
    expect(nextPromptState(unclear, signal).state.phase).toBe(phase);
  });

  it('is asked for in the queue at once, without waiting for silence', () => {
    expect(nextPromptState(unclear, { kind: 'history', entry: null, atMs: 1 }).ask).toBe('queue');
  });

  it('is lost only when the server twice does not have it, 2 s apart', () => {
    const once = run(unclear, absent);
    expect(once.phase).toBe('unclear');
    const later = absent.map((signal) => ({ ...signal, atMs: signal.atMs + 2000 }));
    expect(run(once, later)).toMatchObject({ phase: 'ended', end: { kind: 'lost' } });
  });

  it('knows more when messages came before', () => {
    const running = run(start(), [socket(executing('1', PROMPT))]);
    expect(run(running, [{ kind: 'unclear', atMs: 1 }]).phase).toBe('running');
  });
});
