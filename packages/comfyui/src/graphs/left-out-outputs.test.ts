import { expect, test } from 'vitest';
import { findLeftOutOutputs } from './left-out-outputs.ts';
import type { NodeReplacements } from './node-replacements.ts';

const objectInfo = {
  EmptyImage: {},
  SaveImage: { output_node: true },
  ShowText: { output_node: true },
  SaveNothing: { output_node: false },
};
const replacements: NodeReplacements = new Map([
  ['OldShow', { newClass: 'ShowText', inputs: null, outputs: [] }],
]);
const graph = {
  '1': { class_type: 'EmptyImage', inputs: {} },
  '2': { class_type: 'SaveImage', inputs: {} },
  '3': { class_type: 'ShowText', inputs: {} },
  '4': { class_type: 'SaveNothing', inputs: {} },
  '5': { class_type: 'OldShow', inputs: {} },
};
const find = (executes: string[] | null) => findLeftOutOutputs(graph, executes, { objectInfo, replacements });

test('output nodes that the server does not execute are left out, as its own object_info tells outputs', () => {
  expect(find(['2'])).toEqual(['3', '5']);
});

test('a server that executes them all leaves none out', () => {
  expect(find(['5', '3', '2'])).toEqual([]);
});

test('a server that has not said what it executes leaves none out', () => {
  expect(find(null)).toEqual([]);
});
