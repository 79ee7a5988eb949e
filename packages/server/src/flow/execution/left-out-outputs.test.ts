import { toTaskSentence } from '@comfleet/contract/texts/tasks';
import { expect, test } from 'vitest';
import { describeLeftOut, findLeftOut } from './left-out-outputs.ts';
import type { PreparedGraph } from './prepare-graph.ts';

const prepared: PreparedGraph = {
  graph: {
    '3': { class_type: 'LoadImage', inputs: {} },
    '4': { class_type: 'KSampler', inputs: {} },
    '9': { class_type: 'SaveImage', inputs: { images: ['4', 0] } },
  },
  twins: new Map([['twin', '9']]),
  tag: '~1',
};
const error = { type: 'value_smaller_than_min', message: 'Value 0 smaller than min of 1', details: 'steps' };
const at = (errors: unknown) => ({ '4': { errors, dependent_outputs: ['9'], class_type: 'KSampler' } });
const nameOutputs = (nodeErrors: Record<string, unknown> | null, leftOut: string[] = []) =>
  describeLeftOut(prepared, { nodeErrors, leftOut });

test("each output that is left out is named with the worker's own reason", () => {
  const named = nameOutputs(at([{ ...error, extra_info: { input_name: 'steps' } }]), ['9']);
  expect(named).toHaveLength(1);
  expect(named.map((text) => toTaskSentence(text)).join()).toMatch(
    /"9" \(SaveImage\).*"4" \(KSampler\), input "steps": Value 0 is smaller than the least, 1$/,
  );
});

test('an output that is itself wrong is named once', () => {
  const named = nameOutputs({ '9': { errors: [error], dependent_outputs: ['9'], class_type: 'SaveImage' } });
  expect(named.map((text) => toTaskSentence(text))).toEqual([
    'This output is left out: node "9" (SaveImage): Value 0 is smaller than the least, 1: steps',
  ]);
});

test('the reason is a node that feeds the output, where ComfyUI blames every node that it found wrong so far', () => {
  const unrelated = { errors: [error], dependent_outputs: ['9'], class_type: 'LoadImage' };
  expect(nameOutputs({ '3': unrelated, ...at([error]) })).toMatchObject([
    { params: { problem: { params: { node: '4' } } } },
  ]);
});

test('an output of which the answer was lost is named without a reason', () => {
  expect(nameOutputs(null, ['9'])).toEqual([
    { code: 'graph.output_left_out', params: { node: '9', class_type: 'SaveImage' } },
  ]);
});

test('a twin counts as the node that it stands for', () => {
  expect(findLeftOut(prepared, { nodeErrors: null, leftOut: ['twin', '9'] })).toEqual(['9']);
});

test.each([
  null,
  {},
  { '4': null },
  { '4': { errors: [], dependent_outputs: 'nine' } },
  { '4': { errors: [error], dependent_outputs: [9, null] } },
])('%j names no output', (nodeErrors) => {
  expect(nameOutputs(nodeErrors)).toEqual([]);
});

test('an error of another form still says which output is left out', () => {
  expect(nameOutputs(at('odd'))).toMatchObject([{ params: { node: '9' } }]);
});

test('a worker cannot make a task list more than twenty outputs, or long ones; the rest is counted', () => {
  const outputs = Array.from({ length: 50 }, (_, index) => `${index}${'x'.repeat(1000)}`);
  const named = nameOutputs({ '4': { errors: [error], dependent_outputs: outputs } });
  expect(named).toHaveLength(21);
  expect(named.at(-1)).toEqual({ code: 'graph.more', params: { count: 30 } });
  expect(JSON.stringify(named[0]).length).toBeLessThan(2000);
});
