import type { ServerResponse } from 'node:http';
import { send, type Trick } from './hostile-worker.ts';

/** A trick, and the expected end of the task. */
export interface HostileCase extends Trick {
  name: string;
  /** The error code of the task; null: it succeeds. */
  code: string | null;
}

const MEBIBYTE = 1024 * 1024;
const SUCCESS = '{"status_str":"success","completed":true,"messages":[["execution_success",{}]]}';
const RAISED =
  '{"status_str":"error","completed":false,"messages":[["execution_error",{"node_id":"1","node_type":"EmptyImage","exception_type":"RuntimeError",';

/** A text of this many bytes. */
function* fill(bytes: number): Generator<string> {
  const block = 'x'.repeat(MEBIBYTE);
  for (let sent = 0; sent < bytes; sent += MEBIBYTE) yield block;
}

/** `count` items, separated by commas. */
function* list(count: number, write: (index: number) => string): Generator<string> {
  const GROUP = 10_000;
  for (let from = 0; from < count; from += GROUP) {
    const items = Array.from({ length: Math.min(GROUP, count - from) }, (_, at) => write(from + at));
    yield (from === 0 ? '' : ',') + items.join(',');
  }
}

function* join(...parts: (string | Iterable<string>)[]): Generator<string> {
  for (const part of parts) {
    if (typeof part === 'string') yield part;
    else yield* part;
  }
}

const file = (at: number) => `{"filename":"${at}.png","subfolder":"","type":"output"}`;
const entry = (outputs: string | Iterable<string>) =>
  join('{"prompt":[1,"?",{},{},["2"]],"outputs":', join(outputs), `,"status":${SUCCESS}}`);
const files = (count: number) => entry(join('{"2":{"images":[', list(count, file), ']}}'));
const failed = (fields: Iterable<string>) =>
  join('{"prompt":[1,"?",{},{},["2"]],"outputs":{},"status":', RAISED, fields, '}]]}}');

const refusal = (at: number) =>
  `"${at}":{"errors":[{"message":"${'no '.repeat(80)}","details":"d"}],"dependent_outputs":["2"]}`;
const NAMES = [...list(150, (at) => `"folder/the-file-of-a-model-${at}.safetensors"`)].join('');
const nodeClass = (at: number) => `"C${at}":{"input":{"required":{"a":[[${NAMES}]]}},"output":["IMAGE"]}`;
const endless = (response: ServerResponse) => send(response, fill(Number.POSITIVE_INFINITY));

/** What a broken or malicious worker, or a custom node on it, sends. */
export const CASES: readonly HostileCase[] = [
  {
    name: 'an exception of 120 MB',
    code: 'NODE_EXECUTION_ERROR',
    entry: () => failed(join('"exception_message":"', fill(120 * MEBIBYTE), '","traceback":[]')),
  },
  {
    name: 'a traceback of 100,000 lines beyond ASCII',
    code: 'NODE_EXECUTION_ERROR',
    entry: () =>
      failed(
        join(
          '"exception_message":"bad","traceback":[',
          list(100_000, (at) => `"第 ${at} 行\\n"`),
          ']',
        ),
      ),
  },
  { name: '100,000 outputs', code: null, entry: () => files(100_000) },
  { name: 'a million outputs', code: 'RESULT_TOO_LARGE', entry: () => files(1_000_000) },
  { name: 'a history without end', code: 'RESULT_TOO_LARGE', entry: () => fill(Number.POSITIVE_INFINITY) },
  {
    name: 'a history nested 100,000 deep',
    code: 'RESULT_TOO_LARGE',
    entry: () => `{"outputs":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
  },
  {
    name: 'an output node with a name of 1 MB',
    code: null,
    entry: () => entry(`{"${'n'.repeat(MEBIBYTE)}\\u0000":{"images":[${file(1)}]}}`),
  },
  {
    name: 'a refusal of 30 MB',
    code: 'PROMPT_REFUSED',
    post: {
      status: 400,
      body: () => join('{"error":{"type":"x","message":"m"},"node_errors":{', list(100_000, refusal), '}}'),
    },
  },
  {
    name: 'a server error with a page of 30 MB',
    code: 'SUBMIT_FAILED',
    post: { status: 500, body: () => fill(30 * MEBIBYTE) },
  },
  {
    name: '30,000 frames of progress at once',
    code: null,
    frames: async (tell, promptId) => {
      const data = { value: 1, max: 30_000, prompt_id: promptId, node: '1' };
      const sent: Promise<void>[] = [];
      for (let value = 0; value < 30_000; value += 1)
        sent.push(tell(JSON.stringify({ type: 'progress', data: { ...data, value } })));
      await Promise.all(sent);
    },
  },
  {
    name: 'frames of 30 MB of values and of 5 MB of brackets',
    code: null,
    frames: async (tell, promptId) => {
      const values = [...list(3_000_000, (at) => `{"k":${at % 10}}`)].join('');
      await tell(
        `{"type":"executed","data":{"prompt_id":"${promptId}","node":"2","output":{"a":[${values}]}}}`,
      );
      await tell('['.repeat(5_000_000));
      await tell(`{"type":"x","data":[${'[],'.repeat(300_000)}0]}`);
    },
  },
  { name: 'a frame of 200 MB', code: null, frames: (tell) => tell(Buffer.alloc(200 * MEBIBYTE)) },
  { name: 'a picture without end', code: 'RESULT_TOO_LARGE', answers: { '/view': endless } },
  { name: 'an object_info without end', code: null, answers: { '/object_info': endless } },
  {
    name: 'an object_info of 40 MB',
    code: null,
    answers: {
      '/object_info': (response) =>
        send(
          response,
          join('{"SaveImage":{"output_node":true},"EmptyImage":{},', list(5000, nodeClass), '}'),
        ),
    },
  },
  {
    name: 'a version of 900 kB',
    code: null,
    answers: {
      '/system_stats': (response) =>
        send(
          response,
          `{"system":{"comfyui_version":"0.3.64 ${'v'.repeat(900_000)}","argv":["main.py"]},"devices":[]}`,
        ),
    },
  },
];
