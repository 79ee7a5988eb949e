import { describe, expect, it } from 'vitest';
import { parseProcStat } from './proc-stat.ts';

const tail = 'S 1 4242 4242 0 -1 4194304 100 0 0 0 1 2 0 0 20 0 1 0 98765 1000 10';

describe('parseProcStat', () => {
  it.each(['python', 'a b', 'x) S 1 (y', ')'])('reads group and start time behind the name (%s)', (name) => {
    expect(parseProcStat(`4242 (${name}) ${tail}`)).toEqual({ state: 'S', group: 4242, startStamp: '98765' });
  });

  it.each(['', '4242 (python)', 'nonsense'])('returns null for %j', (text) => {
    expect(parseProcStat(text)).toBeNull();
  });
});
