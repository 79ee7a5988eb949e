import { describe, expect, it } from 'vitest';
import { parseLosslessJson, stringifyLosslessJson } from '../json/lossless-json.ts';
import { collectAncestors, detectGraphFormat, parseGraph, readLink } from './graph.ts';

const node = { class_type: 'EmptyImage', inputs: {} };

describe('formats of workflow files', () => {
  it.each([
    ['api', { '1': node }],
    ['api', { '1': { class_type: 'A' }, '2': node }],
    ['ui', { nodes: [], links: [], version: 0.4 }],
    ['wrapped', { prompt: { '1': node } }],
    ['unknown', {}],
    ['unknown', []],
    ['unknown', null],
    ['unknown', 'text'],
    ['unknown', { '1': 'text' }],
  ] as const)('WF16 %s is told from %j', (format, value) => {
    expect(detectGraphFormat(value)).toBe(format);
  });

  it('WF16 a UI workflow is refused with the way out', () => {
    const parsed = parseGraph({ nodes: [{ id: 1, type: 'KSampler' }], links: [] });
    expect(parsed).toMatchObject({
      ok: false,
      problems: [{ type: 'workflow_format_ui', message: expect.stringContaining('Export (API)') }],
    });
  });
});

describe('structure of a graph', () => {
  it('WF23 a parsed graph keeps its numbers as written', () => {
    const text = '{"3":{"class_type":"KSampler","inputs":{"seed":18446744073709551615,"cfg":1.0}}}';
    const parsed = parseGraph(parseLosslessJson(text));
    expect(parsed.ok && stringifyLosslessJson(parsed.graph)).toBe(text);
  });

  it('opens a wrapper', () => {
    expect(parseGraph({ prompt: { '1': node } })).toEqual({ ok: true, graph: { '1': node } });
  });

  it('refuses a node without inputs even when it feeds no output, for it kills the worker thread of ComfyUI', () => {
    const parsed = parseGraph({ '1': node, '2': { class_type: 'EmptyImage' } });
    expect(parsed).toEqual({
      ok: false,
      count: 1,
      problems: [
        { nodeId: '2', inputName: null, type: 'invalid_prompt', message: "Node '2' has no inputs object" },
      ],
    });
  });

  it('counts the problems that it does not list, and says back no name that is none', () => {
    const nodes = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`${at}`, { inputs: {} }]));
    const parsed = parseGraph({ ...nodes, ['n'.repeat(5000)]: node }, 10);
    expect(parsed).toMatchObject({ ok: false, count: 301 });
    expect(parsed.ok ? [] : parsed.problems).toHaveLength(10);

    const long = parseGraph({ ['n'.repeat(5000)]: node });
    expect(long.ok ? [] : long.problems.map(({ nodeId }) => nodeId?.length)).toEqual([1000]);
  });

  it.each([
    [`{"1":{"class_type":"A","inputs":{"v":[[${'1'.repeat(4301)}]]}}}`, 'v'],
    [`{"1":{"class_type":"A","inputs":{"v":-${'1'.repeat(4301)}}}}`, 'v'],
    [`{"1":{"class_type":"A","inputs":{},"_meta":{"n":${'1'.repeat(5000)}}}}`, null],
  ])(
    'refuses a whole number of more digits than Python reads, wherever it stands (%#)',
    (text, inputName) => {
      const problem = { nodeId: '1', inputName, message: expect.stringContaining('more than 4300 digits') };
      expect(parseGraph(parseLosslessJson(text))).toMatchObject({ ok: false, problems: [problem] });
    },
  );

  it.each([`-${'1'.repeat(4300)}`, `0.${'1'.repeat(5000)}`, `"${'1'.repeat(5000)}"`])(
    'keeps any other number, and texts of digits (%#)',
    (value) => {
      const text = `{"1":{"class_type":"A","inputs":{"v":${value}}}}`;
      expect(parseGraph(parseLosslessJson(text)).ok).toBe(true);
    },
  );

  const inputsOf = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`i${at}`, at]));
  const zeros = (count: number) => Array.from({ length: count }, () => 0);

  it.each([
    ['1000 inputs', { ...node, inputs: inputsOf(1000) }],
    ['10,000 values, its class among them', { ...node, inputs: { v: zeros(9999) } }],
  ])('takes a node with %s', (_name, value) => {
    expect(parseGraph({ '1': value }).ok).toBe(true);
  });

  it.each([
    ['1001 inputs', { ...node, inputs: inputsOf(1001) }],
    ['more than 10,000 values in one input', { ...node, inputs: { v: zeros(10_000) } }],
    ['more than 10,000 values in all inputs', { ...node, inputs: { v: zeros(6000), w: zeros(4000) } }],
    [
      'more than 10,000 values in lists of lists',
      { ...node, inputs: { v: zeros(101).map(() => zeros(100)) } },
    ],
    ['more than 10,000 values beside its inputs', { ...node, _meta: { title: 'x', more: zeros(10_001) } }],
  ])('refuses a node with %s', (_name, value) => {
    expect(parseGraph({ '1': value, '2': node })).toMatchObject({ ok: false, problems: [{ nodeId: '1' }] });
  });

  it.each([
    ['a node that is text', { '1': node, '2': 'text' }],
    ['a node without class', { '1': node, '2': { inputs: {} } }],
    ['an empty class', { '1': { class_type: '', inputs: {} } }],
    ['inputs as a list', { '1': { class_type: 'A', inputs: [] } }],
    ['inputs as a number', parseLosslessJson('{"1":{"class_type":"A","inputs":5}}')],
    ['_meta as text', { '1': { class_type: 'A', inputs: {}, _meta: 'x' } }],
    ['an empty graph', {}],
    ['a list', [node]],
    [
      '__proto__ as node id',
      parseLosslessJson('{"1":{"class_type":"A","inputs":{}},"__proto__":{"class_type":"A","inputs":{}}}'),
    ],
    ['constructor as input name', { '1': { class_type: 'A', inputs: { constructor: 1 } } }],
    [
      '__proto__ inside a value',
      parseLosslessJson('{"1":{"class_type":"A","inputs":{"v":[{"__proto__":{}}]}}}'),
    ],
  ])('refuses %s', (_name, value) => {
    expect(parseGraph(value).ok).toBe(false);
  });
});

describe('links', () => {
  it.each([
    [['4', 0], { nodeId: '4', outputIndex: 0 }],
    [parseLosslessJson('["4",1]'), { nodeId: '4', outputIndex: 1 }],
    [['a', 'b'], null],
    [['4'], null],
    [[4, 0], null],
    ['4', null],
  ])('reads %j', (value, link) => {
    expect(readLink(value)).toEqual(link);
  });

  it('collects all that feeds an output, also through a cycle', () => {
    const graph = {
      '1': { class_type: 'A', inputs: { x: ['2', 0] } },
      '2': { class_type: 'B', inputs: { x: ['1', 0] } },
      '3': { class_type: 'C', inputs: { x: ['1', 0], y: ['missing', 0] } },
      '4': { class_type: 'D', inputs: {} },
    };
    expect([...collectAncestors(graph, ['3'])].sort()).toEqual(['1', '2', '3']);
  });
});
