import { describe, expect, it } from 'vitest';
import { endsWithArguments, hasArgument, programOf } from './command-line.ts';

const MARKER = '/data/instances/0193';
const EXACT = ['python3', 'main.py', '--temp-directory', MARKER, '--port', '8188'];

describe.each([
  ['exact', EXACT],
  ['joined by spaces', EXACT.join(' ')],
])('a command line that is %s', (_kind, line) => {
  it('has its whole arguments, not parts of them', () => {
    expect(hasArgument(line, MARKER)).toBe(true);
    expect(hasArgument(line, '8188')).toBe(true);
    expect(hasArgument(line, '/data/instances')).toBe(false);
    expect(hasArgument(line, '818')).toBe(false);
  });

  it('ends with its last arguments and no others', () => {
    expect(endsWithArguments(line, EXACT.slice(1))).toBe(true);
    expect(endsWithArguments(line, ['--port', '8188'])).toBe(true);
    expect(endsWithArguments(line, ['--port', '8189'])).toBe(false);
    expect(endsWithArguments(line, ['port', '8188'])).toBe(false);
    expect(endsWithArguments(line, ['before', ...EXACT])).toBe(false);
  });

  it('names its program', () => {
    expect(programOf(line)).toBe('python3');
  });
});

it('an exact command line distinguishes two arguments from one with a space', () => {
  expect(endsWithArguments(['main.py', 'a b'], ['a', 'b'])).toBe(false);
});
