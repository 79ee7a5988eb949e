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

test('errors are written with stack and cause, and their details without secrets', () => {
  const { lines, logger } = openLog();
  const cause = Object.assign(new Error('refused'), { details: { token: 'canary', port: 1 } });
  logger.error('x', { error: new TypeError('bad', { cause }) });
  expect(lines[0]?.error).toMatchObject({
    name: 'TypeError',
    message: 'bad',
    stack: expect.stringContaining('pino-logger.test.ts'),
    cause: { message: 'refused', details: { token: '[hidden]', port: 1 } },
  });
});

test('a level that is not written costs no stack', () => {
  const { lines, logger } = openLog();
  const error = new Error('bad');
  Object.defineProperty(error, 'stack', {
    get: () => {
      throw new Error('the stack was read');
    },
  });
  logger.debug('x', { error });
  logger.child({}).debug('x', { error });
  expect(lines).toEqual([]);
});
