import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTranscript } from '../../test/read-transcript.ts';
import { isRecord } from '../json/records.ts';
import type { HistoryEntry } from './history-entry.ts';
import { createPromptState, nextPromptState, type PromptSignal } from './prompt-state.ts';

const RECORDINGS = [
  'success',
  'node-error',
  'interrupt-running',
  'three-queued-one-deleted',
  'video-outputs',
];

interface Recording {
  promptId: string;
  signals: PromptSignal[];
  entry: HistoryEntry;
  end: string;
}

function load(name: string): Recording {
  const lines = readTranscript(name);
  const history = lines.find((line) => line.kind === 'http' && line.call.startsWith('GET /history/'));
  const response = history?.kind === 'http' && isRecord(history.response) ? history.response : {};
  const [promptId = ''] = Object.keys(response);
  const entry = response[promptId];
  if (!isRecord(entry)) throw new Error(`${name} has no history`);
  const signals = lines.flatMap((line): PromptSignal[] =>
    line.kind === 'message' ? [{ kind: 'socket', message: line.message, atMs: 1 }] : [],
  );
  const end = name === 'node-error' ? 'failed' : name === 'interrupt-running' ? 'interrupted' : 'succeeded';
  return { promptId, signals, entry, end };
}

const recordings = RECORDINGS.map(load);

/** Frames of a recording dropped, repeated and reordered, with reads of a server that has no history yet in between. */
const scrambled = fc.constantFrom(...recordings).chain((recording) =>
  fc.record({
    recording: fc.constant(recording),
    signals: fc
      .array(
        fc.oneof(
          { weight: 5, arbitrary: fc.constantFrom(...recording.signals) },
          fc.constantFrom<PromptSignal>(
            { kind: 'history', entry: null, atMs: 2 },
            { kind: 'queue', place: 'running', atMs: 2 },
            { kind: 'submitted', atMs: 0 },
            { kind: 'unclear', atMs: 0 },
            { kind: 'reconnected', atMs: 2 },
            { kind: 'tick', atMs: 2 },
          ),
        ),
        { maxLength: 60 },
      )
      .map((signals) => [...signals]),
  }),
);

describe('the detector under any order of frames', () => {
  it('B8 dropped, repeated and reordered frames never complete a prompt', () => {
    fc.assert(
      fc.property(scrambled, ({ recording, signals }) => {
        let state = createPromptState({ promptId: recording.promptId, atMs: 0 });
        for (const signal of signals) state = nextPromptState(state, signal).state;
        expect(state.phase).not.toBe('ended');
      }),
      { numRuns: 300 },
    );
  });

  it('whatever frames came, the history entry ends the prompt as it says', () => {
    fc.assert(
      fc.property(scrambled, ({ recording, signals }) => {
        let state = createPromptState({ promptId: recording.promptId, atMs: 0 });
        for (const signal of signals) state = nextPromptState(state, signal).state;
        const step = nextPromptState(state, { kind: 'history', entry: recording.entry, atMs: 3 });
        expect(step.state).toMatchObject({ phase: 'ended', end: { kind: recording.end } });
      }),
      { numRuns: 300 },
    );
  });
});
