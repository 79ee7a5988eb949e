import { expect, test } from 'vitest';
import { sampleResult, sampleTask } from '../testing/samples.ts';
import { aspectOf, groupTasks, itemsOf, nameOf, openTasks } from './gallery-groups.ts';

test('tasks of a batch stand together, newest group first', () => {
  const groups = groupTasks([
    sampleTask({ task_id: 'old', created_at: '2026-01-01T09:00:00.000Z' }),
    sampleTask({ task_id: 'b1', batch_id: 'batch', batch_index: 1, created_at: '2026-01-01T10:00:00.000Z' }),
    sampleTask({ task_id: 'b0', batch_id: 'batch', batch_index: 0, created_at: '2026-01-01T10:00:00.000Z' }),
  ]);
  expect(groups.map((group) => group.tasks.map((task) => task.task_id))).toEqual([['b0', 'b1'], ['old']]);
});

test('a task with two results has two tiles, one without results has one', () => {
  const done = sampleTask({
    task_id: 'done',
    status: 'succeeded',
    results: [sampleResult(), sampleResult({ index: 1 })],
  });
  const [group] = groupTasks([done]);
  expect(group === undefined ? [] : itemsOf(group).map((item) => item.key)).toEqual(['done/0', 'done/1']);
  const [waiting] = groupTasks([sampleTask({ task_id: 'waiting' })]);
  expect(waiting === undefined ? [] : itemsOf(waiting).map((item) => item.result)).toEqual([null]);
});

test('a graph is called by the name that came with it, else by its type', () => {
  const graph = { workflow_name: null, task_type: 'custom' };
  expect(nameOf(sampleTask({ ...graph, name: 'my-graph' }))).toBe('my-graph');
  expect(nameOf(sampleTask({ ...graph, name: null }))).toBeNull();
  expect(nameOf(sampleTask({ workflow_name: 'sd_basic', name: 'x' }))).toBe('sd_basic');
});

test('only tasks before their end are open', () => {
  const [group] = groupTasks([
    sampleTask({ task_id: 'a', batch_id: 'b', status: 'running' }),
    sampleTask({ task_id: 'c', batch_id: 'b', status: 'failed' }),
  ]);
  expect(group === undefined ? [] : openTasks(group).map((task) => task.task_id)).toEqual(['a']);
});

test('proportions follow width and height, and are square when unknown', () => {
  expect(aspectOf(sampleTask({ parameters: { width: 768, height: 512 } }))).toBe(1.5);
  expect(aspectOf(sampleTask({ parameters: {} }))).toBe(1);
});
