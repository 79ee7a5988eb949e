import { describe, expect, it } from 'vitest';
import { findProbeTime, isStuck, NO_PROGRESS, nextProgress, type ProgressEvent } from './progress-state.ts';

function walk(...events: ProgressEvent[]) {
  return events.reduce(nextProgress, NO_PROGRESS);
}
const status = (atMs: number, queueRemaining: number): ProgressEvent => ({
  type: 'status',
  atMs,
  queueRemaining,
});
const probed = (atMs: number, running: number, pending: number): ProgressEvent => ({
  type: 'probed',
  atMs,
  running,
  pending,
});
const probeTime = (...events: ProgressEvent[]) => findProbeTime(walk(...events), 30_000);

describe('when to look at the queue', () => {
  it('never while it is empty', () => {
    expect(probeTime(status(1_000, 0))).toBeNull();
  });

  it('half a minute after it began to fill, however many prompts come behind', () => {
    expect(probeTime(status(1_000, 1), status(20_000, 2))).toBe(31_000);
  });

  it('half a minute after something ran or ended', () => {
    expect(probeTime(status(1_000, 2), { type: 'ran', atMs: 8_000 })).toBe(38_000);
    expect(probeTime(status(1_000, 2), status(9_000, 1))).toBe(39_000);
  });

  it('half a minute after a look that saw one run: it may be of another client, which alone gets its events', () => {
    expect(probeTime(status(1_000, 1), probed(31_000, 1, 0))).toBe(61_000);
  });
});

describe('stuck', () => {
  const stuck = [status(0, 2), probed(30_000, 0, 2), probed(31_000, 0, 2)];

  it('needs two looks in a row that find prompts waiting and none running', () => {
    expect(isStuck(walk(...stuck.slice(0, 2)))).toBe(false);
    expect(isStuck(walk(...stuck))).toBe(true);
    expect(isStuck(walk(...stuck.slice(0, 2), probed(31_000, 1, 1), probed(61_000, 0, 1)))).toBe(false);
  });

  it('is not over because prompts were deleted', () => {
    expect(isStuck(walk(...stuck, status(32_000, 1)))).toBe(true);
  });

  it.each<[string, ProgressEvent]>([
    ['something runs', { type: 'ran', atMs: 40_000 }],
    ['a look sees one run', probed(40_000, 1, 1)],
    ['nothing waits any more', probed(40_000, 0, 0)],
    ['another process may have the port', { type: 'connected', atMs: 40_000 }],
  ])('is over when %s', (_why, event) => {
    expect(isStuck(walk(...stuck, event))).toBe(false);
  });
});
