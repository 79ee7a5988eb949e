import type { Logger } from '../../platform/logging/logger.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { Identity } from './identity.ts';
import type { Session } from './session-cache.ts';

const PERIOD_MS = 3000;

/**
 * Looks at a session every three seconds while something long runs under it (an event stream, a socket), and calls
 * `onEnd` once when it is no longer good: revoked, expired, or its grants taken. The answer stops looking.
 */
export function watchSession(
  deps: { identity: Identity; clock: Clock; logger: Logger },
  session: Session,
  onEnd: () => void,
): () => void {
  let cancelTimer = () => {};
  let isStopped = false;
  const look = async (): Promise<void> => {
    const now = await deps.identity.refresh(session);
    if (isStopped) return;
    const hasGrants = session.principal.grants.every((grant) => now?.principal.grants.includes(grant));
    if (now && hasGrants) schedule();
    else onEnd();
  };
  const schedule = (): void => {
    cancelTimer = deps.clock.setTimer(PERIOD_MS, () => {
      look().catch((thrown: unknown) => {
        // The database does not answer: that proves nothing about the session; look again.
        deps.logger.warn('session.look_failed', { error: thrown });
        if (!isStopped) schedule();
      });
    });
  };
  schedule();
  return () => {
    isStopped = true;
    cancelTimer();
  };
}
