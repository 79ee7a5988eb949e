import { toTaskSentence } from '@comfleet/contract/texts/tasks';
import { expect, test } from 'vitest';
import { tellLeftOut } from './left-out-outputs.ts';

const graph = {
  '4': { class_type: 'KSampler', inputs: {} },
  '9': { class_type: 'SaveImage', inputs: {} },
};
const error = { type: 'value_smaller_than_min', message: 'Value 0 smaller than min of 1', details: 'steps' };
const at = (errors: unknown) => ({ '4': { errors, dependent_outputs: ['9'], class_type: 'KSampler' } });

test("each output that is left out is named with the worker's words for why", () => {
  const told = tellLeftOut(graph, at([{ ...error, extra_info: { input_name: 'steps' } }]));
  expect(told).toHaveLength(1);
  expect(told.map((text) => toTaskSentence(text)).join()).toMatch(
    /"9" \(SaveImage\).*"4" \(KSampler\), input "steps": Value 0 smaller than min of 1: steps/,
  );
});

test.each([
  null,
  {},
  { '4': null },
  { '4': { errors: [], dependent_outputs: 'nine' } },
  { '4': { errors: [error], dependent_outputs: [9, null] } },
])('%j names no output', (nodeErrors) => {
  expect(tellLeftOut(graph, nodeErrors)).toEqual([]);
});

test('an error of another form still says which output is left out', () => {
  expect(tellLeftOut(graph, at('odd'))).toMatchObject([{ params: { node: '9' } }]);
});

test('a worker cannot make a task tell more than twenty outputs, or long ones', () => {
  const outputs = Array.from({ length: 50 }, (_, index) => `${index}${'x'.repeat(1000)}`);
  const told = tellLeftOut(graph, { '4': { errors: [error], dependent_outputs: outputs } });
  expect(told).toHaveLength(20);
  expect(JSON.stringify(told[0]).length).toBeLessThan(2000);
});
