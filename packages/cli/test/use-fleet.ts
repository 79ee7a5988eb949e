import { afterAll, beforeAll } from 'vitest';
import { type CliResult, openFleet } from './comfleet-process.ts';

/** A fleet that is shared by all tests of a file. */
export function useFleet() {
  let opened: Awaited<ReturnType<typeof openFleet>> | null = null;
  const fleet = () => {
    if (opened === null) throw new Error('the fleet runs within tests');
    return opened;
  };
  beforeAll(async () => {
    opened = await openFleet();
  });
  afterAll(async () => {
    await opened?.close();
  });
  return {
    get cwd() {
      return fleet().cwd;
    },
    get credential() {
      return fleet().credential;
    },
    run: (...args: string[]): Promise<CliResult> => fleet().run(...args),
  };
}

/** The JSON that a command printed. */
export function parse<T>(lines: readonly string[]): T {
  return JSON.parse(lines.join('\n')) as T;
}
