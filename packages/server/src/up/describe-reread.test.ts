import { expect, it } from 'vitest';
import { describeProblems, describeReread } from './describe-reread.ts';
import { createSayStart } from './say-start.ts';

const say = createSayStart('en');
const PROBLEM = { workflow: 'own', file: 'c.yaml', line: 8, column: 11, message: 'there is no file g.json' };

it('reports what is in force now and what waits for a restart', () => {
  const config = { kind: 'changed', inForce: ['workers'], needsRestart: ['server'], overridden: [] } as const;

  expect(describeReread(say, { file: 'c.yaml', config, problems: [], before: [] })).toEqual([
    'c.yaml was read again. In force now: workers.',
    '! Takes effect after a restart: server.',
  ]);
});

it('reports a refusal once, and when it is over', () => {
  const config = { kind: 'unchanged', overridden: [] } as const;
  const tell = (now: (typeof PROBLEM)[], before: (typeof PROBLEM)[]) =>
    describeReread(say, { file: 'c.yaml', config, problems: now, before });

  expect(tell([PROBLEM], [])).toEqual([
    '! One thing in the configuration or the workflows is refused:',
    '  c.yaml:8:11 workflow "own": there is no file g.json',
    '  Correct the files; they are read again when they are saved. The last valid version stays in force.',
  ]);
  expect(tell([PROBLEM], [PROBLEM])).toEqual([]);
  expect(tell([], [PROBLEM])).toEqual(['Nothing in the configuration or the workflows is refused now.']);
});

it('names twenty and counts the rest', () => {
  const lines = describeProblems(
    say,
    Array.from({ length: 25 }, () => PROBLEM),
  );

  expect(lines).toHaveLength(23);
  expect(lines[21]).toBe('  … and 5 more');
});
