import type { Membership } from '@comfleet/contract';
import { AppError } from '../../platform/errors/app-error.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { Identity } from './identity.ts';
import type { Principal } from './principal.ts';
import type { Session } from './session-cache.ts';

/** For expiry, and for changes by other processes. */
const PERIOD_MS = 3000;

/** A session in use. */
export interface SessionWatch {
  /**
   * Loads the principal as it is now, at most 1 s old, with what it gained since the session began. Losing that again ends the session
   * too. Throws UNAUTHORIZED if the session has ended.
   */
  loadPrincipal(): Promise<Principal>;
  /** Stops the checks. */
  stop(): void;
}

/**
 * Rechecks a session while something long-lived uses it (an event stream, a socket): every three seconds, and at once after
 * each change of tokens, principals or members of projects. Calls `onEnd` once if the session is revoked, expired or without one
 * of its permissions or projects.
 */
export function watchSession(
  { identity, clock, logger }: { identity: Identity; clock: Clock; logger: Logger },
  session: Session,
  onEnd: () => void,
): SessionWatch {
  let seen = session.principal;
  let cancelTimer = () => {};
  let isStopped = false;
  const stop = (): void => {
    isStopped = true;
    cancelTimer();
    stopListening();
  };
  const recheck = async (): Promise<Principal | null> => {
    const now = await identity.sessions.refresh(session);
    if (isStopped) return null;
    if (now && keeps(seen, now.principal)) return now.principal;
    stop();
    onEnd();
    return null;
  };
  const loadPrincipal = async (): Promise<Principal> => {
    const principal = await recheck();
    if (principal === null) throw new AppError('UNAUTHORIZED');
    seen = principal;
    return principal;
  };
  const startRecheck = (): void => {
    // A failed lookup proves nothing about the session; the next period checks it again.
    recheck().catch((thrown: unknown) => logger.warn('session.lookup_failed', { error: thrown }));
  };
  const schedule = (): void => {
    cancelTimer = clock.setTimer(PERIOD_MS, () => {
      startRecheck();
      schedule();
    });
  };
  const stopListening = identity.sessions.onRecheck(startRecheck);
  schedule();
  return { loadPrincipal, stop };
}

/** True if a principal may still see and do everything that it could before. */
function keeps(before: Principal, now: Principal): boolean {
  const { permissions, projects } = before;
  const remains = ({ projectId }: Membership) => now.projects.some((one) => one.projectId === projectId);
  return permissions.every((permission) => now.permissions.includes(permission)) && projects.every(remains);
}
