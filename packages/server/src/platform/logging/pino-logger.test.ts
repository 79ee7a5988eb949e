import { expect, test } from 'vitest';
import { createPinoLogger } from './pino-logger.ts';

function openLog() {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  return { lines, logger: createPinoLogger({ level: 'info', destination }) };
}

test('one line has level, event and fields', () => {
  const { lines, logger } = openLog();
  logger.child({ taskId: 't1' }).info('task.queued', { code: 'X', durationMs: 4 });
  expect(lines).toEqual([
    { level: 'info', time: expect.any(String), taskId: 't1', code: 'X', durationMs: 4, event: 'task.queued' },
  ]);
});

test('SE21 values of secret fields never reach the line, at any depth', () => {
  const { lines, logger } = openLog();
  logger.warn('x', { headers: { authorization: 'Bearer canary' }, extra: [{ api_key_comfy_org: 'canary' }] });
  expect(JSON.stringify(lines)).not.toContain('canary');
  expect(JSON.stringify(lines)).toContain('[hidden]');
});

test('line breaks in values stay inside their line', () => {
  const { lines, logger } = openLog();
  logger.info('x', { name: 'a\n{"level":"error"}' });
  expect(lines.length).toBe(1);
});

test('errors are written with their stack', () => {
  const { lines, logger } = openLog();
  logger.error('x', { error: new TypeError('bad') });
  expect(lines[0]?.error).toMatchObject({ name: 'TypeError', message: 'bad', stack: expect.any(String) });
});
