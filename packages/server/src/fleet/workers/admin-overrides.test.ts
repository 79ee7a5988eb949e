import { expect, test } from 'vitest';
import { deriveState, NO_OVERRIDES } from './admin-overrides.ts';

const text = (code: 'worker.not_configured' | 'worker.drained' | 'worker.disabled' | 'check.refused') => ({
  code,
  params: {},
});
const leaving = { reason: text('worker.not_configured'), notBeforeMs: 0 };

test.each([
  ['online', {}, true, 'online', null],
  ['online', { draining: true }, true, 'draining', 'worker.drained'],
  ['online', { draining: true, leaving }, true, 'draining', 'worker.not_configured'],
  ['online', { maintenance: true, draining: true }, true, 'maintenance', null],
  ['online', {}, false, 'maintenance', 'worker.disabled'],
  ['offline', { draining: true }, true, 'offline', 'check.refused'],
  ['offline', { maintenance: true }, true, 'maintenance', 'check.refused'],
  ['error', { leaving }, true, 'error', 'check.refused'],
  ['unknown', {}, true, 'offline', 'check.refused'],
] as const)('ND7 health %s with %j and enabled %s is %s', (health, overrides, enabled, state, reason) => {
  const checked = { health, reason: health === 'online' ? null : text('check.refused'), sameAs: null };
  expect(deriveState(checked, { ...NO_OVERRIDES, ...overrides, enabled })).toEqual({
    state,
    reason: reason && text(reason),
  });
});

test.each([
  ['online', {}, { state: 'draining', reason: { code: 'worker.same_as', params: { name: 'gpu-1' } } }],
  ['online', { maintenance: true }, { state: 'maintenance', reason: null }],
  ['offline', {}, { state: 'offline', reason: null }],
] as const)('the same ComfyUI as another worker, with health %s and %j: %j', (health, overrides, derived) => {
  const checked = { health, reason: null, sameAs: 'gpu-1' };
  expect(deriveState(checked, { ...NO_OVERRIDES, ...overrides, enabled: true })).toEqual(derived);
});
