import { describe, expect, test } from 'vitest';
import { named } from '../../../test/kit/named.ts';
import { readAttemptHistory } from './attempt-history.ts';

function attempt(worker: string, code: string | null, details: Record<string, unknown> | null = null) {
  const error = code === null ? null : JSON.stringify({ code, message: '', details });
  return { worker_id: named<'worker'>(worker), error };
}

describe('the history of a task', () => {
  test('P9 counts the workers that died while they ran it, each once', () => {
    const { deadWorkers } = readAttemptHistory([
      attempt('one', 'WORKER_UNREACHABLE', { started: true }),
      attempt('one', 'WORKER_UNREACHABLE', { started: true }),
      attempt('two', 'WORKER_UNREACHABLE', { started: false }),
      attempt('three', 'OUT_OF_MEMORY'),
    ]);

    expect([...deadWorkers]).toEqual(['one']);
  });

  test('A8 A9 counts removals and interruptions by users', () => {
    const history = readAttemptHistory([
      attempt('one', 'REMOVED_ON_WORKER'),
      attempt('one', 'PROMPT_INTERRUPTED'),
      attempt('two', 'PROMPT_INTERRUPTED'),
      attempt('two', 'PROMPT_LOST'),
      attempt('two', null),
    ]);

    expect(history).toMatchObject({ causes: { removed: 1, interrupted: 2, forgotten: 1 } });
  });
});
