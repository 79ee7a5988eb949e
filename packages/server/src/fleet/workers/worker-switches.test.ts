import { expect, test } from 'vitest';
import { judgeState, NO_SWITCHES } from './worker-switches.ts';

const leaving = { reason: 'no longer in the configuration', notBeforeMs: 0 };

test.each([
  ['online', {}, true, 'online', null],
  ['online', { draining: true }, true, 'draining', 'drained by an admin'],
  ['online', { draining: true, leaving }, true, 'draining', 'no longer in the configuration'],
  ['online', { maintenance: true, draining: true }, true, 'maintenance', null],
  ['online', {}, false, 'maintenance', 'disabled'],
  ['offline', { draining: true }, true, 'offline', 'no answer'],
  ['offline', { maintenance: true }, true, 'maintenance', 'no answer'],
  ['error', { leaving }, true, 'error', 'no answer'],
  ['unknown', {}, true, 'offline', 'no answer'],
] as const)('ND7 health %s with %j and enabled %s is %s', (health, switches, isEnabled, state, reason) => {
  const judged = { health, reason: health === 'online' ? null : 'no answer' };
  expect(judgeState(judged, { ...NO_SWITCHES, ...switches }, isEnabled)).toEqual({ state, reason });
});
