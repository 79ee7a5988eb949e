import { expect, test } from 'vitest';
import { deriveState, NO_OVERRIDES } from './admin-overrides.ts';

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
] as const)('ND7 health %s with %j and enabled %s is %s', (health, overrides, isEnabled, state, reason) => {
  const checked = { health, reason: health === 'online' ? null : 'no answer' };
  expect(deriveState(checked, { ...NO_OVERRIDES, ...overrides }, isEnabled)).toEqual({ state, reason });
});
