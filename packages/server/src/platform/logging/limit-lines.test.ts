import { FakeClock } from '@comfleet/test-kit';
import { expect, test } from 'vitest';
import { limitLines } from './limit-lines.ts';
import { type Logger, silentLogger } from './logger.ts';

test('writes a limited number of lines of a kind a minute, then reports how many it left out', () => {
  const lines: object[] = [];
  const inner: Logger = { ...silentLogger, info: (event, fields) => lines.push({ event, ...fields }) };
  const clock = new FakeClock();
  const logger = limitLines(inner, clock, { event: 'refused', fields: ['code'], maxPerMinute: 2 });
  for (let id = 1; id <= 5; id += 1) logger.info('refused', { code: 'A', id });
  logger.info('refused', { code: 'B' });
  logger.info('other', { code: 'A' });
  clock.advance(60_000);
  logger.info('refused', { code: 'A', id: 6 });
  logger.info('refused', { code: 'A', id: 7 });

  expect(lines).toEqual([
    { event: 'refused', code: 'A', id: 1 },
    { event: 'refused', code: 'A', id: 2 },
    { event: 'refused', code: 'B' },
    { event: 'other', code: 'A' },
    { event: 'refused', code: 'A', id: 6, left_out: 3 },
    { event: 'refused', code: 'A', id: 7 },
  ]);
});
