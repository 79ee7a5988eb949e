/**
 * The argument of every example.
 * @typedef {object} Example
 * @property {import('@comfleet/sdk').Comfleet} comfleet
 * @property {import('./texts.mjs').Texts} text
 * @property {(line: string) => void} print
 * @property {string} folder  a new folder for its files
 * @property {readonly string[]} args  arguments after its number
 * @property {AbortSignal} signal  aborts on Ctrl-C
 */

/**
 * A frame of a stream: a task's current state, an event, progress, a preview.
 * @typedef {Parameters<NonNullable<import('@comfleet/sdk').RunOptions['onFrame']>>[0]} Frame
 */

/** Seconds since `startedMs`, two decimals. @param {number} startedMs */
export function secondsSince(startedMs) {
  return ((performance.now() - startedMs) / 1000).toFixed(2);
}
