import {
  type HttpLine,
  isPlainObject,
  type Plain,
  type PlainObject,
  type TranscriptLine,
} from './transcript.ts';

/** A transcript without anything in which two correct servers may differ, one text a line. */
export interface NormalTranscript {
  /** Execution frames, node by node in a fixed order. */
  readonly frames: readonly string[];
  /** Counts of the `status` frames, in order. */
  readonly statuses: readonly string[];
  readonly responses: readonly NormalResponse[];
}

/** One HTTP response; `headers` is undefined if the recording has none. */
export interface NormalResponse {
  readonly text: string;
  readonly headers: Readonly<Record<string, string>> | undefined;
}

/** Normalises ids, times, counters, file numbers, sizes, and orders that are up to the server. */
export function normalise(lines: readonly TranscriptLine[]): NormalTranscript {
  const names = new Names(lines);
  const statuses: string[] = [];
  const frames: Frame[] = [];
  const answers: NormalResponse[] = [];
  let previous: PlainObject = {};
  let current = '';
  let currentPrompt = '';
  for (const line of lines) {
    if (line.kind === 'http') answers.push(normaliseResponse(line, names));
    else if (line.kind === 'binary') {
      frames.push({ prompt: currentPrompt, node: current, text: `binary ${line.event} ${nameImage(line)}` });
    } else if (line.type === 'status') statuses.push(JSON.stringify(names.clean(line.data)));
    else {
      const node = nodeOf(line, previous);
      const prompt = typeof line.data.prompt_id === 'string' ? line.data.prompt_id : currentPrompt;
      if (line.type === 'progress_state') {
        frames.push({ prompt, node, text: describeProgress(line.data, previous, node) });
        previous = nodesOf(line.data);
      } else frames.push({ prompt, node, text: `${line.type} ${JSON.stringify(names.clean(line.data))}` });
      if (line.type === 'execution_start') previous = {};
      current = node;
      currentPrompt = prompt;
    }
  }
  return { frames: orderFrames(frames), statuses, responses: answers };
}

interface Frame {
  readonly prompt: string;
  readonly node: string;
  readonly text: string;
}

function nodesOf(data: PlainObject): PlainObject {
  return isPlainObject(data.nodes) ? data.nodes : {};
}

/** The graph node of a frame; for progress_state the one that changed. */
function nodeOf(line: Extract<TranscriptLine, { kind: 'text' }>, previous: PlainObject): string {
  if (line.type === 'progress_state') {
    const changed = Object.entries(nodesOf(line.data)).filter(
      ([id, state]) => JSON.stringify(previous[id]) !== JSON.stringify(state),
    );
    return changed[0]?.[0] ?? runningNode(line.data);
  }
  const node = line.data.node ?? line.data.node_id;
  return typeof node === 'string' ? node : '';
}

function runningNode(data: PlainObject): string {
  return (
    Object.entries(nodesOf(data)).find(
      ([, state]) => isPlainObject(state) && state.state === 'running',
    )?.[0] ?? ''
  );
}

function describeProgress(data: PlainObject, previous: PlainObject, node: string): string {
  const nodes = nodesOf(data);
  const state = nodes[node];
  const lost = Object.keys(previous).filter((id) => nodes[id] === undefined);
  const shown = isPlainObject(state) ? { ...state, prompt_id: '<prompt>' } : null;
  return `progress_state ${JSON.stringify(shown)}${lost.length > 0 ? ` lost ${lost.join(',')}` : ''}`;
}

function nameImage(line: Extract<TranscriptLine, { kind: 'binary' }>): string {
  if (line.event === 4) return 'with metadata';
  if (line.head.includes(Buffer.from([0xff, 0xd8, 0xff]))) return 'jpeg';
  return line.head.includes('PNG') ? 'png' : 'unknown';
}

/** Sorts the blocks of nodes inside each prompt; collapses repeated progress of sleeping nodes. */
function orderFrames(frames: readonly Frame[]): string[] {
  const ordered: string[] = [];
  let block: Frame[] = [];
  const flush = (): void => {
    const groups = new Map<string, string[]>();
    for (const frame of block) groups.set(frame.node, [...(groups.get(frame.node) ?? []), frame.text]);
    for (const node of [...groups.keys()].sort())
      ordered.push(...collapse(groups.get(node) ?? []).map((text) => `[${node}] ${text}`));
    block = [];
  };
  for (const frame of frames) {
    const isNodeFrame = frame.node !== '' && !/^execution_/.test(frame.text);
    if (isNodeFrame) block.push(frame);
    else {
      flush();
      ordered.push(frame.text);
    }
  }
  flush();
  return ordered;
}

/**
 * Fractional progress (of a sleeping node) becomes one line, however often it came. Its first tick may be whole or already
 * fractional, depending on timing.
 */
function collapse(texts: readonly string[]): string[] {
  if (!texts.some((text) => isTick(text) && isFractional(text))) return [...texts];
  const shown = texts.map((text) => (isTick(text) ? text.replace(/"value":[\d.e-]+/, '"value":"~"') : text));
  return shown.filter((text, index) => !isTick(text) || shown.indexOf(text) === index);
}

function isTick(text: string): boolean {
  return text.startsWith('progress {') || text.includes('"state":"running"');
}

function isFractional(text: string): boolean {
  return /"max":\d*\.\d+/.test(text) || /"value":(?:\d*\.\d+|\d+e-\d+|[\d.]+e-\d+)/.test(text);
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const TIMES = new Set([
  ...['timestamp', 'create_time', 'execution_start_time', 'execution_end_time', 'modified', 'created'],
]);

const NUMBERS = new Set(['number', 'priority']);

/** Replaces what differs between runs: ids, numbers, times, temp letters, file counters. */
class Names {
  private readonly known = new Map<string, string>();
  private firstNumber: number | undefined;

  constructor(lines: readonly TranscriptLine[]) {
    let prompts = 0;
    let clients = 0;
    const add = (value: Plain | undefined, make: () => string): void => {
      if (typeof value === 'string' && !this.known.has(value)) this.known.set(value, make());
    };
    for (const line of lines) {
      if (line.kind === 'text') add(line.data.sid, () => `<client ${++clients}>`);
      if (line.kind !== 'http' || line.request === undefined) continue;
      add(line.request.client_id, () => `<client ${++clients}>`);
      if (line.target !== '/prompt') continue;
      const created = isPlainObject(line.response) ? line.response.prompt_id : undefined;
      for (const id of [line.request.prompt_id, created])
        if (typeof id === 'string' && UUID.test(id)) add(id, () => `<prompt ${++prompts}>`);
    }
  }

  /** Text with ids, counters and temp letters replaced. */
  replace(text: string): string {
    let result = text;
    for (const [id, name] of this.known) result = result.replaceAll(id, name);
    return result
      .replace(/_\d{5}(_?)\./g, '_<n>$1.')
      .replace(/_temp_[a-z]{5}_/g, '_temp_<x>_')
      .replace(/_[0-9a-f]{32}\./g, '_<hex>.');
  }

  clean(value: Plain, key = ''): Plain {
    if (TIMES.has(key)) return 0;
    if (key === 'traceback') return ['<traceback>'];
    if (NUMBERS.has(key) && typeof value === 'number') return this.place(value);
    if (typeof value === 'string') return /^(tensor\(|<)/.test(value) ? '<value>' : this.replace(value);
    if (Array.isArray(value)) return this.cleanList(value, key);
    return isPlainObject(value) ? this.cleanObject(value) : value;
  }

  private cleanObject(value: PlainObject): PlainObject {
    const cleaned: PlainObject = {};
    for (const name of Object.keys(value).sort())
      cleaned[this.replace(name)] = this.clean(value[name] ?? null, name);
    // Which of many results represents a job depends on the order in which they came.
    const { outputs_count: count } = value;
    if (typeof count === 'number' && count > 2) cleaned.preview_output = '<one of them>';
    return cleaned;
  }

  private cleanList(value: readonly Plain[], key: string): Plain[] {
    const cleaned = value.map((item) => this.clean(item));
    if (isQueueItem(value)) {
      cleaned[0] = this.place(Number(value[0]));
      cleaned[4] = sortTexts(cleaned[4]);
      return cleaned;
    }
    return ['nodes', 'executed', 'current_outputs'].includes(key) ? [...cleaned].sort() : cleaned;
  }

  private place(number: number): string {
    this.firstNumber ??= number;
    return `<number +${number - this.firstNumber}>`;
  }
}

function isQueueItem(value: readonly Plain[]): boolean {
  return (
    value.length === 5 &&
    typeof value[0] === 'number' &&
    typeof value[1] === 'string' &&
    isPlainObject(value[2]) &&
    Array.isArray(value[4])
  );
}

function sortTexts(value: Plain | undefined): Plain {
  return Array.isArray(value) ? [...value].sort() : null;
}

const SHOWN_HEADERS = new Set([
  ...['content-type', 'accept-ranges', 'content-disposition', 'content-security-policy'],
  ...['x-content-type-options', 'vary', 'cache-control'],
]);

/** Responses about everything that ever ran on a server: bodies are not compared. */
const ABOUT_ALL = new Set(['/internal/files/output']);

function normaliseResponse(line: HttpLine, names: Names): NormalResponse {
  const magic =
    line.head === undefined ? '' : line.head.toString('latin1', 0, 4).replace(/[^\x20-\x7e]/g, '?');
  const target = names.replace(decodeURIComponent(line.target));
  const isShown = line.response !== '' && line.response !== undefined && !ABOUT_ALL.has(line.target);
  const response = isShown ? names.clean(line.response ?? null) : null;
  return {
    text: JSON.stringify({ answer: `${line.method} ${target}`, status: line.status, response, magic }),
    headers: line.headers === undefined ? undefined : pickHeaders(line, line.headers, names),
  };
}

/** Headers that must be equal; lengths only if the body has no counter or picture. */
function pickHeaders(line: HttpLine, headers: PlainObject, names: Names): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers))
    if (SHOWN_HEADERS.has(name) && typeof value === 'string') picked[name] = names.replace(value);
  const length = headers['content-length'];
  if (line.target.startsWith('/upload') || length === '0') picked['content-length'] = String(length);
  return picked;
}
