import { sendRequest } from '../platform/http-client.ts';
import { waitUntilIdle } from './idle.ts';
import { type NormalResponse, type NormalTranscript, normalise } from './normalise.ts';
import { replay } from './replay.ts';
import { loadRecording, type RecordedVersion, type TranscriptLine } from './transcript.ts';

/** One row of the conformance list: a recording to replay against a server of that version. */
export interface Scenario {
  readonly name: string;
  readonly version: RecordedVersion;
  /** Previews must be on (`--preview-method auto`). */
  readonly needsPreviews?: boolean;
  /** A recording to replay first: the graph must have run just before. */
  readonly after?: string;
  readonly wantsMetadata?: boolean;
  readonly reconnects?: boolean;
  /** The recording of the second socket, whose lines follow. */
  readonly secondRecording?: string;
  /** The server's caches are dropped first. */
  readonly startsCold?: boolean;
  /** History is cleared first. */
  readonly startsWithoutHistory?: boolean;
  /** Its runs overlap its requests: only the answers to POST are compared. */
  readonly overlaps?: boolean;
  /** The worker may start before or after the response: counts of `status` are not compared. */
  readonly statusesRace?: boolean;
  /** Nothing runs on the server afterwards. */
  readonly killsWorker?: boolean;
}

const OLD = '0.3.64';
const NEW = '0.33';

/** Every recorded scenario, in order of dependency; those that kill the worker come last in their version. */
export const SCENARIOS: readonly Scenario[] = [
  { version: OLD, name: 'success', startsCold: true },
  { version: OLD, name: 'fully-cached-second-run', after: 'success', startsCold: true },
  { version: OLD, name: 'node-error' },
  { version: OLD, name: 'validation-400-missing-input' },
  { version: OLD, name: 'validation-400-unknown-class' },
  { version: OLD, name: 'partial-200-node-errors' },
  { version: OLD, name: 'interrupt-running' },
  { version: OLD, name: 'three-queued-one-deleted', statusesRace: true },
  { version: OLD, name: 'sleep-with-progress-text' },
  { version: OLD, name: 'websocket-image-plain' },
  { version: OLD, name: 'websocket-image-with-metadata', wantsMetadata: true },
  { version: OLD, name: 'animated-and-preview-outputs' },
  { version: OLD, name: 'video-outputs' },
  { version: OLD, name: 'uploads-and-load-image' },
  {
    version: OLD,
    name: 'reconnect-mid-run',
    reconnects: true,
    secondRecording: 'reconnect-mid-run.second-socket',
  },
  { version: OLD, name: 'sampler-cold-model-with-previews', needsPreviews: true, startsCold: true },
  { version: OLD, name: 'sampler-warm-model', needsPreviews: true },
  { version: OLD, name: 'sampler-other-model', needsPreviews: true },
  { version: OLD, name: 'sampler-previews-with-metadata', needsPreviews: true, wantsMetadata: true },
  { version: OLD, name: 'sampler-interrupted-at-step-5', needsPreviews: true },
  { version: NEW, name: 'success', startsCold: true },
  { version: NEW, name: 'fully-cached-second-run', startsCold: true },
  { version: NEW, name: 'node-error', startsCold: true },
  { version: NEW, name: 'validation-400-missing-input' },
  { version: NEW, name: 'validation-400-unknown-class' },
  { version: NEW, name: 'validation-400-dependency-cycle' },
  { version: NEW, name: 'validation-other' },
  { version: NEW, name: 'invalid-prompt-id', startsCold: true },
  { version: NEW, name: 'partial-200-node-errors', startsCold: true },
  { version: NEW, name: 'interrupt-running', startsCold: true },
  { version: NEW, name: 'autogrow-and-dynamic-combo', overlaps: true },
  { version: NEW, name: 'node-replacement', overlaps: true },
  { version: NEW, name: 'sampler-with-preview-method-in-extra-data', startsCold: true },
  { version: NEW, name: 'sampler-with-preview-method-and-metadata', wantsMetadata: true },
  { version: NEW, name: 'job-cancel-queued', startsCold: true },
  {
    version: NEW,
    name: 'job-cancel-running',
    startsCold: true,
    startsWithoutHistory: true,
    after: 'interrupt-running',
  },
  { version: NEW, name: 'job-cancel-many', startsCold: true },
  { version: NEW, name: 'jobs-list-and-detail', startsCold: true },
  { version: NEW, name: 'silent-output-node', startsCold: true },
  { version: NEW, name: '3d-output', startsCold: true },
  { version: NEW, name: 'text-and-other-outputs', startsCold: true },
  { version: NEW, name: 'progress-text-node', startsCold: true },
  { version: NEW, name: 'view-upload-userdata-headers' },
  { version: NEW, name: 'reconnect-mid-run', reconnects: true, startsCold: true },
  { version: NEW, name: 'worker-killed-by-undeclared-link', killsWorker: true },
];

/** The rows for a server of this version. */
export function listScenarios(version: RecordedVersion): readonly Scenario[] {
  return SCENARIOS.filter((scenario) => scenario.version === version);
}

/** Differences between a recording and a server; empty lists mean equal. */
export interface ScenarioResult {
  readonly name: string;
  readonly differences: readonly string[];
  readonly received: readonly TranscriptLine[];
}

/** Plays one scenario and compares both transcripts, normalised. Rejects when the server cannot be reached. */
export async function runScenario(baseUrl: string, scenario: Scenario): Promise<ScenarioResult> {
  if (scenario.startsCold === true) await dropCaches(baseUrl);
  if (scenario.startsWithoutHistory === true) await clearHistory(baseUrl);
  const { version, after } = scenario;
  if (after !== undefined) await replay(baseUrl, planFor({ version, name: after }));
  const plan = planFor(scenario);
  const received = await replay(baseUrl, plan);
  const expected = normalise(mergeSecondSocket(plan.lines, scenario));
  const differences = compare(expected, normalise(received));
  const isChecked = (text: string) =>
    (scenario.overlaps !== true || /^answer .*\n.*"POST /.test(text)) &&
    (scenario.statusesRace !== true || !text.startsWith('status '));
  return { name: scenario.name, received: received, differences: differences.filter(isChecked) };
}

function planFor(scenario: Scenario): Parameters<typeof replay>[1] {
  return {
    lines: loadRecording(scenario.name, scenario.version),
    wantsMetadata: scenario.wantsMetadata === true,
    reconnects: scenario.reconnects === true,
  };
}

/** Inserts the frames of the second socket where the first was closed: after the POST, before later requests. */
function mergeSecondSocket(lines: readonly TranscriptLine[], scenario: Scenario): readonly TranscriptLine[] {
  if (scenario.secondRecording === undefined) return lines;
  const later = lines.findIndex((line) => line.kind === 'http' && line.method === 'GET');
  return [
    ...lines.slice(0, later),
    ...loadRecording(scenario.secondRecording, scenario.version),
    ...lines.slice(later),
  ];
}

async function clearHistory(baseUrl: string): Promise<void> {
  const init = { method: 'POST', body: '{"clear": true}' };
  await (await sendRequest(`${baseUrl}/history`, init)).arrayBuffer();
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
  await waitUntilIdle(baseUrl);
}

/** A prompt without output files; after it the caches of earlier graphs are certainly gone. */
const WARM_UP = {
  prompt: {
    '1': { class_type: 'EmptyImage', inputs: { width: 1, height: 1, batch_size: 1, color: 1 } },
    '2': { class_type: 'PreviewImage', inputs: { images: ['1', 0] } },
  },
};

function compare(expected: NormalTranscript, received: NormalTranscript): string[] {
  return [
    ...compareLists('frame', expected.frames, received.frames),
    ...compareLists('status', expected.statuses, received.statuses),
    ...compareLists(
      'answer',
      expected.responses.map(formatResponse(expected)),
      received.responses.map(formatResponse(expected)),
    ),
  ];
}

/** Shows only headers that the recording has. */
function formatResponse(recorded: NormalTranscript): (response: NormalResponse, index: number) => string {
  return (answer, index) => {
    const recordedNames = Object.keys(recorded.responses[index]?.headers ?? {});
    if (recordedNames.length === 0) return answer.text;
    return `${answer.text} ${recordedNames.map((name) => `${name}: ${answer.headers?.[name]}`).join(', ')}`;
  };
}

function compareLists(what: string, expected: readonly string[], received: readonly string[]): string[] {
  const differences: string[] = [];
  for (let i = 0; i < Math.max(expected.length, received.length); i += 1) {
    if (expected[i] === received[i]) continue;
    differences.push(
      `${what} ${i}\n    recorded: ${expected[i] ?? '(nothing)'}\n    received: ${received[i] ?? '(nothing)'}`,
    );
  }
  return differences;
}
