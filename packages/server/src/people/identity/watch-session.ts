import type { Logger } from '../../platform/logging/logger.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { Identity } from './identity.ts';
import type { Session } from './session-cache.ts';

const PERIOD_MS = 3000;

/**
 * Rechecks a session every three seconds while something long runs under it (an event stream, a socket). Calls `onEnd` once
 * when the session is revoked, has expired or has lost a grant. The returned function stops the checks.
 */
export function watchSession(
  deps: { identity: Identity; clock: Clock; logger: Logger },
  session: Session,
  onEnd: () => void,
): () => void {
  let cancelTimer = () => {};
  let isStopped = false;
  const recheck = async (): Promise<void> => {
    const now = await deps.identity.refresh(session);
    if (isStopped) return;
    const hasGrants = session.principal.grants.every((grant) => now?.principal.grants.includes(grant));
    if (now && hasGrants) schedule();
    else onEnd();
  };
  const schedule = (): void => {
    cancelTimer = deps.clock.setTimer(PERIOD_MS, () => {
      recheck().catch((thrown: unknown) => {
        // The database does not answer: that says nothing about the session, so it is checked again.
        deps.logger.warn('session.lookup_failed', { error: thrown });
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
