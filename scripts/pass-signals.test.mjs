import { expect, test } from 'vitest';
import { createSignalPassing } from './pass-signals.mjs';

/** @param {NodeJS.Platform} system */
function open(system) {
  let nowMs = 0;
  /** @type {[number, string][]} */
  const sent = [];
  const passing = createSignalPassing({
    system,
    nowMs: () => nowMs,
    send: (signal) => sent.push([nowMs, signal]),
  });
  return {
    ...passing,
    sent,
    /** @param {number} ms */
    advance: (ms) => {
      nowMs += ms;
    },
  };
}

test('a Ctrl-C that arrives twice is one, a later one is a second', () => {
  const { isOwnGroup, passOn, sent, advance } = open('linux');

  passOn('SIGINT');
  advance(300);
  passOn('SIGINT');
  advance(700);
  passOn('SIGTERM');

  expect(isOwnGroup).toBe(true);
  expect(sent).toEqual([
    [0, 'SIGINT'],
    [1000, 'SIGTERM'],
  ]);
});

test('on Windows the console tells the server by itself, and nothing is sent', () => {
  const { isOwnGroup, passOn, sent } = open('win32');

  passOn('SIGINT');
  passOn('SIGBREAK');

  expect(isOwnGroup).toBe(false);
  expect(sent).toEqual([]);
});
