import { type Graph, parseLosslessJson, stringifyLosslessJson, toLosslessNumber } from '@comfleet/comfyui';
import { expect, it } from 'vitest';
import { bindUpdates } from './bind-updates.ts';

const TEXT =
  '{"1":{"class_type":"A","inputs":{"seed":-1,"text":"a"}},"2":{"class_type":"B","inputs":{"x":["1",0]}}}';
const graph = parseLosslessJson(TEXT) as Graph;

it('BG10 updates write single values into a copy, numbers as written', () => {
  const updates = parseLosslessJson(
    '[{"node_id":"1","input_name":"seed","value":18446744073709551615},{"node_id":"1","input_name":"text","value":"b"}]',
  ) as { node_id: string; input_name: string; value: unknown }[];
  const bound = bindUpdates(graph, updates);
  expect(bound.ok && stringifyLosslessJson(bound.graph)).toBe(
    TEXT.replace('-1', '18446744073709551615').replace('"a"', '"b"'),
  );
  expect(stringifyLosslessJson(graph)).toBe(TEXT);
});

it('WF8 no seed is drawn for a raw graph', () => {
  const bound = bindUpdates(graph, []);
  expect(bound.ok && stringifyLosslessJson(bound.graph)).toBe(TEXT);
});

const ENDLESS = toLosslessNumber('1'.repeat(5000));

it.each([
  ['a node that is not there', { node_id: '9', input_name: 'x', value: 1 }, 'target_missing'],
  ['an input that is not there', { node_id: '1', input_name: 'class_type', value: 'X' }, 'target_missing'],
  ['a prototype', { node_id: '__proto__', input_name: 'x', value: 1 }, 'target_missing'],
  ['an inherited input', { node_id: '1', input_name: 'constructor', value: 1 }, 'target_missing'],
  ['a link', { node_id: '2', input_name: 'x', value: 1 }, 'target_missing'],
  ['a value that is a link', { node_id: '1', input_name: 'text', value: ['2', 0] }, 'not_scalar'],
  ['null', { node_id: '1', input_name: 'text', value: null }, 'not_scalar'],
  ['no number', { node_id: '1', input_name: 'seed', value: Number.NaN }, 'not_scalar'],
  ['a number that none can read', { node_id: '1', input_name: 'seed', value: ENDLESS }, 'not_scalar'],
])('BG10 %s is refused', (_what, update, code) => {
  const bound = bindUpdates(graph, [update]);
  expect(bound.ok ? [] : bound.problems.map((problem) => problem.code)).toEqual([code]);
});
