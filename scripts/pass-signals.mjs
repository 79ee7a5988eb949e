const SAME_SIGNAL_MS = 1000;

/**
 * What `npm start` does with a signal that is meant for its server. One Ctrl-C under npm arrives here twice (from the
 * terminal and from npm), and to a server the second signal means "at once": so a signal that repeats within a second counts
 * as one. On Windows the console has told the server already, and what Node sends there would end it without a word.
 * @param {{ system: NodeJS.Platform, nowMs: () => number, send: (signal: NodeJS.Signals) => void }} deps
 * @returns {{ isOwnGroup: boolean, passOn: (signal: NodeJS.Signals) => void }} isOwnGroup: the server gets no signal of the terminal by itself
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
