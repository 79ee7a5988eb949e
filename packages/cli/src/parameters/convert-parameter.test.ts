import type { Parameter } from '@comfleet/contract';
import { describe, expect, it } from 'vitest';
import { convertAssignments, convertParameter } from './convert-parameter.ts';

describe('convertParameter', () => {
  it.each<[Parameter['data_type'], string, unknown]>([
    ['string', '123', '123'],
    ['string', '', ''],
    ['image', 'cat.png', 'cat.png'],
    ['int', '-5', -5],
    ['seed', '18446744073709551615', 18446744073709551615n],
    ['seed', '-1', -1],
    ['float', '7.5', 7.5],
    ['bool', 'true', true],
    ['bool', 'false', false],
  ])('reads %s from "%s"', (data_type, text, expected) => {
    expect(convertParameter({ name: 'p', data_type }, text)).toBe(expected);
  });

  it.each<[Parameter['data_type'], string]>([
    ['int', '1.5'],
    ['seed', 'x'],
    ['float', ''],
    ['float', 'Infinity'],
    ['bool', 'yes'],
  ])('refuses %s "%s"', (data_type, text) => {
    expect(() => convertParameter({ name: 'p', data_type }, text)).toThrow(/^p must be/);
  });
});

describe('convertAssignments', () => {
  it('splits at the first equals sign and passes unknown names on as text', () => {
    const parameters = [{ name: 'prompt', data_type: 'string' as const }];

    expect(convertAssignments(parameters, ['prompt=a=b', 'other=5'])).toEqual({ prompt: 'a=b', other: '5' });
  });

  it('refuses what is no assignment', () => {
    expect(() => convertAssignments([], ['prompt'])).toThrow('--param expects name=value');
  });
});
