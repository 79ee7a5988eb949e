import { FakeClock } from '@comfleet/test-kit';
import { expect, test } from 'vitest';
import { Scope } from '../platform/lifecycle/scope.ts';
import { silentLogger } from '../platform/logging/logger.ts';
import { openStopReport } from './report-stop.ts';

test('a stop is logged with its first cause when it begins, and when everything else is closed', async () => {
  const clock = new FakeClock();
  const lines: [string, unknown][] = [];
  const logger = {
    ...silentLogger,
    info: (event: string, fields: unknown) => void lines.push([event, fields]),
  };
  const scope = new Scope('test', clock, logger);
  const reportStop = openStopReport(scope, { clock, logger });
  scope.add('database', () => void lines.push(['closed', null]));

  reportStop('Interrupted by SIGINT');
  reportStop('another process took the data over');
  await scope.close();

  expect(lines).toEqual([
    ['server.stopping', { cause: 'Interrupted by SIGINT' }],
    ['closed', null],
    ['server.stopped', { cause: 'Interrupted by SIGINT', durationMs: 0 }],
  ]);
});
