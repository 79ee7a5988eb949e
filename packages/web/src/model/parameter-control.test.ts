import { expect, test } from 'vitest';
import { sampleParameter, sampleWorkflow } from '../testing/samples.ts';
import {
  chooseControl,
  isPresetChosen,
  labelOf,
  planForm,
  readPresets,
  stepOf,
} from './parameter-control.ts';

test.each([
  [{ data_type: 'int' as const }, 'slider'],
  [{ data_type: 'int' as const, max: null }, 'number'],
  [{ data_type: 'int' as const, min: 0, max: 1_000_000 }, 'number'],
  [{ data_type: 'bool' as const }, 'switch'],
  [{ data_type: 'seed' as const }, 'seed'],
  [{ data_type: 'image' as const }, 'image'],
  [{ data_type: 'string' as const, options: ['euler'] }, 'choice'],
  [{ data_type: 'string' as const, name: 'checkpoint' }, 'line'],
  [{ data_type: 'string' as const, max_length: 2000 }, 'prompt'],
])('a parameter with %o gets the control %s', (fields, control) => {
  expect(chooseControl(sampleParameter(fields))).toBe(control);
});

test('the form takes prompt, size and seed apart; derived parameters are not asked for', () => {
  const workflow = sampleWorkflow();
  workflow.parameters.push(sampleParameter({ name: 'hidden', derived: true }));
  const plan = planForm(workflow);
  expect(plan.prompt?.name).toBe('prompt');
  expect(plan.negative?.name).toBe('negative_prompt');
  expect(plan.size?.height.name).toBe('height');
  expect(plan.rest.map((parameter) => parameter.name)).toEqual(['steps']);
});

test('presets are read by group and known when chosen', () => {
  const [square, portrait] = readPresets(sampleWorkflow()).get('resolutions') ?? [];
  const values = { width: 512, height: 768 };
  expect(square === undefined ? null : isPresetChosen(square, values)).toBe(false);
  expect(portrait === undefined ? null : isPresetChosen(portrait, values)).toBe(true);
});

test('labels are the author’s in the person’s language, else the name in words', () => {
  const labelled = sampleParameter({ label: { en: 'Steps', zh: '步数' } });
  expect(labelOf(labelled, 'zh-CN')).toBe('步数');
  expect(labelOf(sampleParameter({ name: 'motion_bucket_id' }), 'en')).toBe('Motion bucket id');
});

test('a step is the author’s, else one for whole numbers', () => {
  expect(stepOf(sampleParameter({ multiple_of: 64 }))).toBe(64);
  expect(stepOf(sampleParameter())).toBe(1);
  expect(stepOf(sampleParameter({ data_type: 'float', min: 0, max: 1 }))).toBe(0.01);
});
