import { describe, expect, test } from 'vitest';
import { readFailure } from './failure.ts';
import type { RecordedError } from './recorded-error.ts';
import { formatText } from './texts/catalogue.ts';
import type { Language } from './texts/language.ts';
import { TASK_TEXTS } from './texts/tasks.ts';

/** What a user reads: the summary, then the points. */
function read(error: RecordedError, language: Language = 'en'): string[] {
  const { summary, points } = readFailure(error);
  return [summary, ...points].map((text) => formatText(TASK_TEXTS, language, text));
}

const as = (code: string, details: Record<string, unknown> | null): RecordedError => ({
  code,
  message: 'As it was worded then.',
  details,
});

const RAISED = {
  node_id: '2',
  class_type: 'TestSyncError',
  title: 'My breaking node',
  exception_type: 'RuntimeError',
  message: 'Intentional sync execution error for testing\n',
  traceback: '  File "nodes.py", line 1\n',
};

/** As ComfyUI 0.33.0 answered POST /prompt, with class and title as the server adds them. */
const REFUSED = {
  node_errors: {
    '2': {
      class_type: 'ImageScale',
      title: 'Make it small',
      dependent_outputs: ['3'],
      errors: [
        {
          type: 'value_not_in_list',
          message: 'Value not in list',
          details: "upscale_method: 'nope' not in ['area', 'bicubic']",
          extra_info: { input_name: 'upscale_method' },
        },
        {
          type: 'invalid_input_type',
          message: 'Failed to convert an input value to a INT value',
          details: 'height, x, invalid literal for int()',
          extra_info: { input_name: 'height' },
        },
      ],
    },
  },
};

describe('why a node failed', () => {
  test('TD11 node id, title, class and its own message, in one sentence of the reader’s language', () => {
    const error = as('NODE_EXECUTION_ERROR', RAISED);
    expect(read(error)).toEqual([
      'Node 2 "My breaking node" (TestSyncError): RuntimeError: Intentional sync execution error for testing',
    ]);
    expect(read(error, 'zh-CN')).toEqual([
      '节点 2“My breaking node”（TestSyncError）：RuntimeError: Intentional sync execution error for testing',
    ]);
  });

  test('TD11 the traceback is kept apart', () => {
    expect(readFailure(as('NODE_EXECUTION_ERROR', RAISED)).traceback).toBe(RAISED.traceback);
    expect(readFailure(as('PROMPT_LOST', null)).traceback).toBeNull();
  });

  test('a title that is the class, and one that is not stored, are not said', () => {
    const { title: _, ...untitled } = RAISED;
    const sentence = 'Node 2 (TestSyncError): RuntimeError: Intentional sync execution error for testing';
    expect(read(as('NODE_EXECUTION_ERROR', untitled))).toEqual([sentence]);
    expect(read(as('NODE_EXECUTION_ERROR', { ...RAISED, title: 'TestSyncError' }))).toEqual([sentence]);
  });

  test('a long message is cut in the sentence and stands whole beside it', () => {
    const [sentence, ...points] = read(as('NODE_EXECUTION_ERROR', { ...RAISED, message: 'x'.repeat(1000) }));
    expect(sentence).toHaveLength(300 + 'Node 2 "My breaking node" (TestSyncError): …'.length);
    expect(points).toEqual([`RuntimeError: ${'x'.repeat(1000)}`]);
  });

  test('where the code says what to do, it comes first and the node after it', () => {
    expect(read(as('OUT_OF_MEMORY', { ...RAISED, message: 'Allocation failed' }))).toEqual([
      'The worker ran out of GPU memory; use a smaller size or a larger GPU.',
      'Node 2 "My breaking node" (TestSyncError): RuntimeError: Allocation failed',
    ]);
  });
});

describe('why a graph was refused', () => {
  test('TD11 each input with its problem, the first one in the sentence', () => {
    expect(read(as('PROMPT_REFUSED', REFUSED))).toEqual([
      `The worker refused it. Node 2 "Make it small" (ImageScale), input "upscale_method": Value not in list: 'nope' not in ['area', 'bicubic']`,
      'Node 2 "Make it small" (ImageScale), input "height": Not a value of type INT: x, invalid literal for int()',
    ]);
  });

  test('TD11 in Chinese too, but for the values', () => {
    expect(read(as('INVALID_WORKFLOW', REFUSED), 'zh-CN')).toEqual([
      `节点图无效。节点 2“Make it small”（ImageScale），输入“upscale_method”：值不在列表中：'nope' not in ['area', 'bicubic']`,
      '节点 2“Make it small”（ImageScale），输入“height”：不是 INT 类型的值：x, invalid literal for int()',
    ]);
  });

  test.each([
    ['Required input is missing: image', 'image', 'Required input is missing'],
    ['Value -3 smaller than min of 0: width', 'width', 'Value -3 is smaller than the least, 0'],
    ['Value 9e9 bigger than max of 16384: width', 'width', 'Value 9e9 is bigger than the most, 16384'],
    ['Cannot execute because node Foo does not exist.', null, 'no known worker has the node class Foo'],
    ['What nobody has worded so far: odd', 'image', 'What nobody has worded so far: odd'],
  ])('the message %j about the input %j is told as %j', (message, input, problem) => {
    const details = { node_errors: { '4': { errors: [{ type: 'any', message, input_name: input }] } } };
    const place = input === null ? 'Node 4' : `Node 4, input "${input}"`;
    expect(read(as('INVALID_WORKFLOW', details))).toEqual([`The graph is not valid. ${place}: ${problem}`]);
  });

  test('an input whose name begins another word keeps that word', () => {
    const errors = [{ message: 'Value not in list', details: 'sampler unknown', input_name: 'sample' }];
    expect(read(as('INVALID_WORKFLOW', { node_errors: { '4': { errors } } }))).toEqual([
      'The graph is not valid. Node 4, input "sample": Value not in list: sampler unknown',
    ]);
  });

  test('a refusal of the whole is told in the worker’s words', () => {
    const error = { type: 'http_413', message: 'ComfyUI answered 413', details: 'too large' };
    expect(read(as('PROMPT_REFUSED', { status: 413, error, node_errors: {} }))).toEqual([
      'The worker refused it. ComfyUI answered 413: too large',
    ]);
  });

  test('twenty problems are named and the rest counted', () => {
    const errors = Array.from({ length: 30 }, () => ({ message: 'Value not in list' }));
    const lines = read(as('INVALID_WORKFLOW', { node_errors: { '1': { errors } }, problem_count: 500 }));
    expect(lines).toHaveLength(21);
    expect(lines.at(-1)).toBe('and 480 more');
  });
});

describe('any other error', () => {
  test('of used up attempts the last one is told', () => {
    const last = as('NODE_EXECUTION_ERROR', RAISED);
    expect(read(as('ATTEMPTS_EXHAUSTED', { attempts: 4, last_error: last }))).toEqual([
      'Failed 4 times. The last time: Node 2 "My breaking node" (TestSyncError): RuntimeError: Intentional sync execution error for testing',
    ]);
    expect(read(as('POISON_TASK', { last_error: as('WORKER_UNREACHABLE', null) }), 'zh-CN')).toEqual([
      '两个工作节点在运行此任务时停止了响应，不再重试。最后一次：工作节点没有响应；请检查 ComfyUI 是否在运行，以及主机、端口和防火墙。',
    ]);
  });

  test.each<[string, Record<string, unknown> | null, string[]]>([
    ['PROMPT_LOST', { reason: 'absent' }, []],
    ['COLLECT_FAILED', { cause: 'socket hang up' }, ['socket hang up']],
    ['OUTPUT_REFUSED', { message: 'Left out: a.png.' }, ['Left out: a.png.']],
    [
      'OUTPUT_REFUSED',
      { message: 'old', message_text: { code: 'output.empty', params: {} } },
      ['it is empty'],
    ],
    [
      'INVALID_REQUEST',
      { in: 'body', problems: [{ path: 'priority', message: 'too large' }] },
      ['priority: too large'],
    ],
    [
      'INVALID_PARAMETERS',
      {
        problems: [
          { parameter: 'width', message: 'old', text: { code: 'parameter.too_large', params: { limit: 9 } } },
        ],
      },
      ['width: the largest number allowed is 9'],
    ],
    [
      'CONFIG_INVALID',
      { file: 'c.yaml', problems: [{ path: 'port', message: 'odd' }] },
      ['in c.yaml:', 'port: odd'],
    ],
    [
      'CONFIG_INVALID',
      { file: 'c.yaml', problems: [{ path: 'port', line: 2, column: 5, message: 'odd' }] },
      ['c.yaml:2:5 port: odd'],
    ],
    [
      'NO_CAPABLE_WORKER',
      {
        lacks: {
          code: 'wait.missing',
          params: { reason: { code: 'refusal.model', params: {} }, missing: 'a.ckpt' },
        },
      },
      ['lacks the model: a.ckpt'],
    ],
    ['PROMPT_REFUSED', { node_errors: { '1': 'odd' }, error: 7 }, []],
    ['INTERNAL', { last_error: 'odd', problems: 3, message: 7, message_text: [] }, []],
    ['INTERNAL', null, []],
  ])('%s with %j has the points %j', (code, details, expected) => {
    const { summary, points } = readFailure(as(code, details));
    expect(summary).toEqual({ code, params: {} });
    expect(points.map((text) => formatText(TASK_TEXTS, 'en', text))).toEqual(expected);
  });

  test.each([
    [
      'en',
      { code: 'failure.history_too_large', params: {} },
      'The worker’s history of the prompt is larger or more deeply nested than Comfleet reads.',
    ],
    [
      'zh-CN',
      { code: 'output.too_many', params: { setting: 'limits.result_files', most: 3 } },
      '文件数超过 limits.result_files = 3',
    ],
  ] as const)('RESULT_TOO_LARGE says in %s what was above which limit', (language, text, sentence) => {
    expect(read(as('RESULT_TOO_LARGE', { message: 'old', message_text: text }), language)).toEqual([
      sentence,
    ]);
  });

  test('a code of a newer server is told in its own words', () => {
    expect(read(as('OF_A_NEWER_SERVER', null), 'zh-CN')).toEqual(['As it was worded then.']);
  });
});

describe('what a rule refuses', () => {
  const refuse = (message: string, inputName: string | null = null) =>
    as('POLICY_REFUSED', {
      node_errors: { '7': { class_type: 'K', errors: [{ type: 'policy', message, input_name: inputName }] } },
    });

  test.each([
    [
      'Rule "no-shell" refuses node class Shell Command',
      'Not allowed here. Node 7 (K): rule "no-shell" refuses the node class Shell Command',
      '规则不允许。节点 7（K）：规则“no-shell”拒绝节点类型 Shell Command',
    ],
    [
      'Rule "offline" refuses node class Gemini, which calls a service on the internet',
      'Not allowed here. Node 7 (K): rule "offline" refuses the node class Gemini, which calls a service on the internet',
      '规则不允许。节点 7（K）：规则“offline”拒绝节点类型 Gemini，它会调用互联网上的服务',
    ],
    [
      'Rule "r" refuses model nsfw/a.ckpt',
      'Not allowed here. Node 7 (K): rule "r" refuses the model nsfw/a.ckpt',
      '规则不允许。节点 7（K）：规则“r”拒绝模型 nsfw/a.ckpt',
    ],
    [
      'Rule "r" allows width up to 256, not 512',
      'Not allowed here. Node 7 (K): rule "r" allows width up to 256, not 512',
      '规则不允许。节点 7（K）：规则“r”允许 width 最大为 256，此处为 512',
    ],
    [
      'Rule "r" allows width up to 256, not a plain number',
      'Not allowed here. Node 7 (K): rule "r" allows width up to 256, and this is no plain number',
      '规则不允许。节点 7（K）：规则“r”允许 width 最大为 256，而此处不是普通数字',
    ],
  ])('AU15 %s', (message, english, chinese) => {
    expect(read(refuse(message))).toEqual([english]);
    expect(read(refuse(message), 'zh-CN')).toEqual([chinese]);
  });

  test.each([
    ['Rule "r" refuses workflow wan_i2v', 'Not allowed here. rule "r" refuses the workflow wan_i2v'],
    ['Rule "r" allows named workflows only', 'Not allowed here. rule "r" allows named workflows only'],
  ])('AU15 %s', (message, english) => {
    const details = { node_errors: { '': { errors: [{ type: 'policy', message, input_name: null }] } } };
    expect(read(as('POLICY_REFUSED', details))).toEqual([english]);
  });
});
