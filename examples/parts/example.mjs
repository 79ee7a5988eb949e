/**
 * What every example gets.
 * @typedef {object} Example
 * @property {import('@comfleet/sdk').Comfleet} comfleet
 * @property {import('./texts.mjs').Texts} text
 * @property {(line: string) => void} say
 * @property {string} folder  where its files go; its own, new
 * @property {readonly string[]} args  what stood behind its number
 * @property {AbortSignal} signal  aborts on Ctrl-C
 */

/**
 * What a stream tells: a task as it is, an event, progress, a preview.
 * @typedef {Parameters<NonNullable<import('@comfleet/sdk').RunOptions['onFrame']>>[0]} Frame
 */

/** Seconds since `startedMs`, two decimals. @param {number} startedMs */
export function secondsSince(startedMs) {
  return ((performance.now() - startedMs) / 1000).toFixed(2);
}
