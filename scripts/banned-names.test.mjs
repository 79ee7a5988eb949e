import { expect, test } from 'vitest';
import { findDeclarationProblems, findNameProblem } from './banned-names.mjs';

test.each([
  ['packages/server/src/flow/utils.ts'],
  ['packages/server/src/flow/types.test.ts'],
  ['packages/server/src/flow/taskQueue.ts'],
  ['packages/web/src/Manager.vue'],
])('the file name %s is refused', (path) => {
  expect(findNameProblem(path)).toContain(path);
});

test.each([
  ['packages/server/src/flow/queue/embedded-queue.ts'],
  ['packages/server/src/flow/queue/embedded-queue.test.ts'],
  ['packages/web/src/useTasks.ts'],
  ['packages/web/src/CreatePage.vue'],
  ['vitest.config.ts'],
])('the file name %s is accepted', (path) => {
  expect(findNameProblem(path)).toBeUndefined();
});

test('a class named Manager, a leading I and Base are refused, words that begin alike are not', () => {
  const text =
    'class TaskManager {}\ninterface IQueue {}\ntype BaseTask = 1;\ninterface Id {}\ntype Interval = 1;\ntype Baseline = 1;';

  expect(findDeclarationProblems('a.ts', text)).toEqual([
    'a.ts: the name TaskManager says nothing',
    'a.ts: the name IQueue says nothing',
    'a.ts: the name BaseTask says nothing',
  ]);
});
