import type { RecordedVersion } from '@comfleet/simulator/conformance';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTranscript } from '../../test/read-transcript.ts';
import { parseGraph } from '../graphs/graph.ts';
import { isRecord } from '../json/records.ts';
import type { SocketMessage } from '../socket/socket-message.ts';
import { createProgressState, nextProgress, type ProgressState } from './progress-state.ts';

function follow(name: string, version: RecordedVersion = '0.3.64'): ProgressState[] {
  const lines = readTranscript(name, version);
  const post = lines.find((line) => line.kind === 'http' && line.call === 'POST /prompt');
  if (post?.kind !== 'http' || !isRecord(post.request)) throw new Error('no POST');
  const parsed = parseGraph(post.request['prompt']);
  if (!parsed.ok) throw new Error('no graph');
  let state = createProgressState({ promptId: String(post.request['prompt_id']), graph: parsed.graph });
  const states = [state];
  for (const line of lines) {
    if (line.kind !== 'message') continue;
    state = nextProgress(state, line.message);
    states.push(state);
  }
  return states;
}

const ALL: [RecordedVersion, string][] = [
  ['0.3.64', 'success'],
  ['0.3.64', 'sampler-cold-model-with-previews'],
  ['0.3.64', 'sampler-warm-model'],
  ['0.3.64', 'video-outputs'],
  ['0.3.64', 'sleep-with-progress-text'],
  ['0.33', 'success'],
  ['0.33', 'sampler-with-preview-method-in-extra-data'],
  ['0.33', 'progress-text-node'],
  ['0.33', '3d-output'],
];

describe('progress of recorded prompts', () => {
  it.each(ALL)('PR3 of %s: %s never goes backward and reaches 1 at its end', (version, name) => {
    const fractions = follow(name, version).map((state) => state.fraction);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(fractions.at(-1)).toBe(1);
    expect(fractions.filter((fraction) => fraction === 1).length).toBeLessThanOrEqual(3);
  });

  it('PR3 an interrupted prompt never shows 100 %', () => {
    const states = follow('sampler-interrupted-at-step-5');
    expect(Math.max(...states.map((state) => state.fraction))).toBeLessThan(1);
    expect(states.at(-1)).toMatchObject({ currentNodeId: '3', currentClass: 'KSampler', step: 5, steps: 20 });
  });

  it('steps of a sampler move the bar', () => {
    const steps = follow('sampler-warm-model').filter(
      (state) => state.currentClass === 'KSampler' && state.step !== null,
    );
    expect(new Set(steps.map((state) => state.fraction)).size).toBeGreaterThanOrEqual(8);
  });

  it('PR9 cached nodes are counted', () => {
    expect(follow('sampler-interrupted-at-step-5').at(-1)?.nodesCached).toBe(4);
  });
});

describe('single messages', () => {
  const graph = {
    '1': { class_type: 'Load', inputs: {} },
    '2': { class_type: 'KSampler', inputs: { steps: 8, model: ['1', 0] } },
    '9': { class_type: 'Unused', inputs: {} },
  };
  const start = createProgressState({ promptId: 'p', graph, outputNodeIds: ['2'] });

  it('nodes that feed no output do not count', () => {
    expect(start.nodesTotal).toBe(2);
  });

  it('a node with steps weighs as many', () => {
    const message: SocketMessage = {
      type: 'progress',
      data: { value: 4, max: 8, prompt_id: 'p', node: '2' },
    };
    expect(nextProgress(start, message).fraction).toBeCloseTo(4 / 9);
  });

  it('messages of other prompts change nothing', () => {
    const message: SocketMessage = { type: 'execution_success', data: { prompt_id: 'q' } };
    expect(nextProgress(start, message)).toBe(start);
  });
});

describe('progress under any order of messages', () => {
  it('PR3 repeated and reordered messages never move it backward, and only success makes it 1', () => {
    const lines = readTranscript('sampler-interrupted-at-step-5');
    const messages = lines.flatMap((line) => (line.kind === 'message' ? [line.message] : []));
    const [first] = follow('sampler-interrupted-at-step-5');
    if (first === undefined) throw new Error('no state');
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...messages), { maxLength: 60 }), (shuffled) => {
        let state = first;
        for (const message of shuffled) {
          const next = nextProgress(state, message);
          expect(next.fraction).toBeGreaterThanOrEqual(state.fraction);
          expect(next.fraction).toBeLessThan(1);
          state = next;
        }
      }),
      { numRuns: 200 },
    );
  });
});
