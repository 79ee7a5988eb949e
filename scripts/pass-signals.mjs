const SAME_SIGNAL_MS = 1000;

/**
 * Passes signals from `npm start` on to its server. One Ctrl-C under npm arrives here twice (from the terminal and from npm),
 * and a second signal makes the server stop at once: so repeated signals within a second count as one. On Windows the console
 * has already signalled the server, and a signal from Node would kill it.
 * @param {{ system: NodeJS.Platform, nowMs: () => number, send: (signal: NodeJS.Signals) => void }} deps
 * @returns {{ isOwnGroup: boolean, passOn: (signal: NodeJS.Signals) => void }} isOwnGroup: the server does not get the terminal's signals itself
 */
export function createSignalPassing({ system, nowMs, send }) {
  const isOwnGroup = system !== 'win32';
  let passedAtMs = Number.NEGATIVE_INFINITY;
  return {
    isOwnGroup,
    passOn: (signal) => {
      if (!isOwnGroup || nowMs() - passedAtMs < SAME_SIGNAL_MS) return;
      passedAtMs = nowMs();
      send(signal);
    },
  };
}
