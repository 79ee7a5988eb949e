import { describe, expect, it } from 'vitest';
import { isBelowVersion } from './comfyui-version.ts';

describe('isBelowVersion', () => {
  it.each([
    ['0.3.56', true],
    ['0.3.57', false],
    ['0.3.64', false],
    ['v0.4.0', false],
    ['0.38.1', false],
    ['1.0', false],
    ['0.3.9', true],
    ['unknown', true],
    [null, true],
  ])('%s against 0.3.57: %s', (version, below) => {
    expect(isBelowVersion(version, '0.3.57')).toBe(below);
  });
});
