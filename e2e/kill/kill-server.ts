import type { DatabaseConfig } from '../services/databases.ts';
import type { PlannedKill } from './plan.ts';
import { type InFlight, readWhileHalted } from './read-sql.ts';
import type { ServerProcess } from './server-process.ts';

/** How long a kill may wait for the attempts that it wants open. */
const OPEN_WITHIN_MS = 120_000;

interface Target {
  server: ServerProcess;
  database: DatabaseConfig;
  /** Resolves when no task is left to run. */
  finished: Promise<'finished'>;
}

/**
 * Kills the server while it is halted at its failpoint, once enough attempts are open; until then the server resumes and
 * halts at the next pass. Returns what was in flight at its death.
 */
export async function killServer(target: Target, kill: PlannedKill): Promise<InFlight> {
  const seen: number[] = [];
  const deadline = createDeadline(OPEN_WITHIN_MS);
  const fail = (what: string) =>
    new Error(
      `${what} at ${kill.place}:${kill.count}, which wants ${kill.minOpen} open attempts; seen there: ${seen.join(', ') || 'none'}`,
    );
  try {
    for (let nth = 1; ; nth += 1) {
      const halted = target.server.waitForHalt(nth).then(() => 'halted' as const);
      const next = await Promise.race([halted, target.finished, deadline.passed]);
      if (next === 'finished') throw fail('all tasks ended before the kill');
      if (next === 'late') throw fail(`no kill within ${OPEN_WITHIN_MS / 1000} s`);
      const inFlight = await readWhileHalted(target.database);
      if (inFlight.attempts.length >= kill.minOpen) {
        await target.server.kill();
        return inFlight;
      }
      seen.push(inFlight.attempts.length);
      await target.server.resume(nth);
    }
  } finally {
    deadline.cancel();
  }
}

function createDeadline(ms: number) {
  let cancel = () => {};
  const passed = new Promise<'late'>((resolve) => {
    const timer = setTimeout(() => resolve('late'), ms);
    cancel = () => clearTimeout(timer);
  });
  return { passed, cancel };
}
