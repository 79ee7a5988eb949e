import { describe, expect, it } from 'vitest';
import { splitCommandLine } from './split-command-line.ts';

describe('splitCommandLine', () => {
  it.each([
    ['', []],
    ['python.exe', ['python.exe']],
    ['python main.py  --port\t8188 ', ['python', 'main.py', '--port', '8188']],
    ['"C:\\Program Files\\Python\\python.exe" main.py', ['C:\\Program Files\\Python\\python.exe', 'main.py']],
    ['p "a b" c', ['p', 'a b', 'c']],
    ['p "" c', ['p', '', 'c']],
    ['p C:\\dir\\ x', ['p', 'C:\\dir\\', 'x']],
    ['p "C:\\my dir\\\\" x', ['p', 'C:\\my dir\\', 'x']],
    ['p "say \\"hi\\" now"', ['p', 'say "hi" now']],
    ['p a\\\\\\"b', ['p', 'a\\"b']],
    ['p --name="a b"c', ['p', '--name=a bc']],
    ['p "never closed', ['p', 'never closed']],
    ['p D:\\图片\\输出', ['p', 'D:\\图片\\输出']],
  ])('%j', (line, expected) => {
    expect(splitCommandLine(line)).toEqual(expected);
  });

  it('takes time that grows with the length only', () => {
    const line = `p ${'\\'.repeat(30_000)}`;
    const startedAtMs = performance.now();
    expect(splitCommandLine(line)).toEqual(['p', '\\'.repeat(30_000)]);
    expect(performance.now() - startedAtMs).toBeLessThan(2_000);
  });
});
