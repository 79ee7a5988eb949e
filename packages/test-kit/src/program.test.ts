import { expect, test } from 'vitest';
import { findFreePort } from './free-port.ts';
import { Program } from './program.ts';

const run = (script: string, options = {}) => Program.node(['-e', script], options);

test('lines of both outputs are kept; a line is found before and after it was printed', async () => {
  const program = run("console.log('port 17'); console.error('careful'); setInterval(() => {}, 1000)");

  expect(await program.waitForLine(/port (\d+)/)).toBe('17');
  expect(await program.waitForLine(/careful/)).toBe('careful');
  expect(await program.waitForLine(/port (\d+)/)).toBe('17');
  expect(program.errors).toEqual(['careful']);
  expect(await program.stop('SIGTERM')).toEqual({ code: null, signal: 'SIGTERM' });
  expect(program.hasEnded).toBe(true);
});

test('a program that ends before the line says so, with what it printed', async () => {
  const program = run("console.log('no luck'); process.exitCode = 3");

  await expect(program.waitForLine(/ready/)).rejects.toThrow(/ended \(3\) .*\/ready\/:\nno luck/s);
  expect(await program.exited).toEqual({ code: 3, signal: null });
});

test('what ignores the signal is killed', async () => {
  const program = run("process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('up')");
  await program.waitForLine(/up/);

  expect(await program.stop('SIGTERM', 50)).toEqual({ code: null, signal: 'SIGKILL' });
});

test('a signal to a program with a group of its own reaches its children', async () => {
  const program = new Program('sh', ['-c', 'sleep 600 & echo child $!; wait'], { ownGroup: true });
  const child = Number(await program.waitForLine(/child (\d+)/));

  // The output closes only when the child, which shares it, has ended.
  await program.stop('SIGKILL');

  expect(child).toBeGreaterThan(0);
});

test('a program that is not there rejects', async () => {
  await expect(new Program('/no/such/program', []).exited).rejects.toThrow('ENOENT');
});

test('a free port can be listened on', async () => {
  expect(await findFreePort()).toBeGreaterThan(0);
});
