import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ServiceName } from './required-services.ts';

/** The outcome for one requested server: its address, or why there is none. */
export type ServiceOutcome = { readonly url: string } | { readonly reason: string };

/** The private servers of this test run. `stop` waits until they have ended and their files are deleted. */
export interface ServiceRunner {
  readonly outcomes: Partial<Record<ServiceName, ServiceOutcome>>;
  stop(): Promise<void>;
}

/** Starts the named servers in a separate process, which stops them when this process ends for any reason. */
export async function openServiceRunner(names: readonly ServiceName[]): Promise<ServiceRunner> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'runner.mjs'), ...names], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
  const exit = once(child, 'exit');
  const stop = async (): Promise<void> => {
    child.stdin.end();
    await exit;
  };
  const lines = createInterface({ input: child.stdout });
  for await (const line of lines) {
    // The runner is our own program: its one line has this shape.
    const outcomes = JSON.parse(line) as ServiceRunner['outcomes'];
    return { outcomes, stop };
  }
  await stop();
  throw new Error('the runner of the test services ended before it answered');
}
