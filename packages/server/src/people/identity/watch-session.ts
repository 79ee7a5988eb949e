import type { Logger } from '../../platform/logging/logger.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { Identity } from './identity.ts';
import type { Session } from './session-cache.ts';

const PERIOD_MS = 3000;

/**
 * Rechecks a session every three seconds while something long-lived uses it (an event stream, a socket). Calls `onEnd` once
 * if the session is revoked, expired or without one of its grants. Returns a function that stops the checks.
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
        // A failed lookup proves nothing about the session, so it is checked again.
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
