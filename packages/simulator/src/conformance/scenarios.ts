import { sendRequest } from '../platform/http-client.ts';
import { type Answer, type NormalTranscript, normalise } from './normalise.ts';
import { replay } from './replay.ts';
import { type HttpLine, loadRecording, type TranscriptLine } from './transcript.ts';

/** One row of the conformance list: a recording to be played against a server. */
export interface Scenario {
  readonly name: string;
  /** Previews must be on (`--preview-method auto`). */
  readonly needsPreviews?: boolean;
  /** The graph must have run just before (its recording is played first). */
  readonly after?: string;
  readonly wantsMetadata?: boolean;
  readonly reconnects?: boolean;
  /** A further recording whose lines follow: the second socket. */
  readonly secondRecording?: string;
  /** Caches of the server are dropped first. */
  readonly startsCold?: boolean;
}

/** Every recorded scenario, in the order they depend on each other. */
export const SCENARIOS: readonly Scenario[] = [
  { name: 'success', startsCold: true },
  { name: 'fully-cached-second-run', after: 'success', startsCold: true },
  { name: 'node-error' },
  { name: 'validation-400-missing-input' },
  { name: 'validation-400-unknown-class' },
  { name: 'partial-200-node-errors' },
  { name: 'interrupt-running' },
  { name: 'three-queued-one-deleted' },
  { name: 'sleep-with-progress-text' },
  { name: 'websocket-image-plain' },
  { name: 'websocket-image-with-metadata', wantsMetadata: true },
  { name: 'animated-and-preview-outputs' },
  { name: 'video-outputs' },
  { name: 'uploads-and-load-image' },
  { name: 'reconnect-mid-run', reconnects: true, secondRecording: 'reconnect-mid-run.second-socket' },
  { name: 'sampler-cold-model-with-previews', needsPreviews: true, startsCold: true },
  { name: 'sampler-warm-model', needsPreviews: true },
  { name: 'sampler-other-model', needsPreviews: true },
  { name: 'sampler-previews-with-metadata', needsPreviews: true, wantsMetadata: true },
  { name: 'sampler-interrupted-at-step-5', needsPreviews: true },
];

/** What differs between a recording and a server; empty lists mean equal. */
export interface ScenarioResult {
  readonly name: string;
  readonly differences: readonly string[];
}

/** Plays one scenario and compares both transcripts, normalised. Rejects when the server cannot be reached. */
export async function runScenario(baseUrl: string, scenario: Scenario): Promise<ScenarioResult> {
  if (scenario.startsCold === true) await dropCaches(baseUrl);
  if (scenario.after !== undefined) await replay(baseUrl, planFor({ name: scenario.after }));
  const plan = planFor(scenario);
  const heard = await replay(baseUrl, plan);
  const expected = normalise(mergeSecondSocket(plan.lines, scenario));
  return { name: scenario.name, differences: compare(expected, normalise(heard)) };
}

function planFor(scenario: Scenario): Parameters<typeof replay>[1] {
  return {
    lines: loadRecording(scenario.name),
    wantsMetadata: scenario.wantsMetadata === true,
    reconnects: scenario.reconnects === true,
  };
}

/** Frames of the second socket come where the first one was closed: after the POST, before the later requests. */
function mergeSecondSocket(lines: readonly TranscriptLine[], scenario: Scenario): readonly TranscriptLine[] {
  if (scenario.secondRecording === undefined) return lines;
  const later = lines.findIndex((line) => line.kind === 'http' && line.method === 'GET');
  return [...lines.slice(0, later), ...loadRecording(scenario.secondRecording), ...lines.slice(later)];
}

async function dropCaches(baseUrl: string): Promise<void> {
  const response = await sendRequest(`${baseUrl}/free`, {
    method: 'POST',
    body: '{"unload_models": true, "free_memory": true}',
  });
  await response.arrayBuffer();
  const body = JSON.stringify(WARM_UP);
  const accepted = await sendRequest(`${baseUrl}/prompt`, { method: 'POST', body });
  await accepted.arrayBuffer();
  for (;;) {
    const left = (await (await sendRequest(`${baseUrl}/prompt`)).json()) as {
      exec_info: { queue_remaining: number };
    };
    if (left.exec_info.queue_remaining === 0) return;
  }
}

/** A prompt without output files; once it ran, the caches of earlier graphs are gone for certain. */
const WARM_UP = {
  prompt: {
    '1': { class_type: 'EmptyImage', inputs: { width: 1, height: 1, batch_size: 1, color: 1 } },
    '2': { class_type: 'PreviewImage', inputs: { images: ['1', 0] } },
  },
};

function compare(expected: NormalTranscript, heard: NormalTranscript): string[] {
  return [
    ...compareLists('frame', expected.frames, heard.frames),
    ...compareLists('status', expected.statuses, heard.statuses),
    ...compareLists(
      'answer',
      expected.answers.map(showAnswer(expected)),
      heard.answers.map(showAnswer(expected)),
    ),
  ];
}

/** Headers count only where the recording kept them. */
function showAnswer(recorded: NormalTranscript): (answer: Answer, index: number) => string {
  return (answer, index) =>
    (recorded.answers[index]?.headers ?? '') === '' ? answer.text : `${answer.text} ${answer.headers}`;
}

function compareLists(what: string, expected: readonly string[], heard: readonly string[]): string[] {
  const differences: string[] = [];
  for (let i = 0; i < Math.max(expected.length, heard.length); i += 1) {
    if (expected[i] === heard[i]) continue;
    differences.push(
      `${what} ${i}\n    recorded: ${expected[i] ?? '(nothing)'}\n    heard:    ${heard[i] ?? '(nothing)'}`,
    );
  }
  return differences;
}

/** The graph of a recording, for tests that send it themselves. */
export function recordedGraph(name: string): unknown {
  const post = loadRecording(name).find(
    (line): line is HttpLine => line.kind === 'http' && line.target === '/prompt' && line.method === 'POST',
  );
  return post?.request?.prompt;
}
