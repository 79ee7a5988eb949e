import { describe, expect, it } from 'vitest';
import { rawJson, writeJson } from './json-text.ts';

describe('writeJson', () => {
  it('WF23 keeps every digit of raw JSON text', () => {
    const graph = rawJson(' {"1":{"inputs":{"seed":18446744073709551615,"cfg":1.0}}} ');

    expect(writeJson({ priority: 3, graph })).toBe(
      '{"priority":3,"graph":{"1":{"inputs":{"seed":18446744073709551615,"cfg":1.0}}}}',
    );
  });

  it('WF23 writes a bigint as its digits', () => {
    expect(writeJson({ parameters: { seed: 9007199254740993n } })).toBe(
      '{"parameters":{"seed":9007199254740993}}',
    );
  });

  it('writes everything else as JSON.stringify does', () => {
    const value = {
      a: [1, undefined, null, { b: 'é"\n' }],
      c: undefined,
      d: new Date(0),
      e: true,
      '"': -0.5,
    };

    expect(writeJson(value)).toBe(JSON.stringify(value));
  });

  it('refuses raw text that is more than one value', () => {
    expect(() => rawJson('{}, "priority": 10')).toThrow(SyntaxError);
  });
});
