import { describe, expect, it } from 'vitest';
import { ComfleetError } from '../errors.ts';
import { nextWatchState, type WatchEvent, type WatchState } from './next-watch.ts';

const QUIET: WatchEvent = { type: 'stream.closed', hadFrames: false, error: null };
const TOO_MANY = new ComfleetError('TOO_MANY_STREAMS', '', { status: 429 });

function after(start: WatchState, ...events: WatchEvent[]): WatchState {
  return events.reduce(nextWatchState, start);
}

describe('nextWatchState', () => {
  it('polls after three streams that gave nothing', () => {
    const start: WatchState = { mode: 'streaming', failures: 0 };

    expect(after(start, QUIET, QUIET)).toEqual({ mode: 'streaming', failures: 2 });
    expect(after(start, QUIET, QUIET, QUIET)).toEqual({ mode: 'polling', polls: 0 });
  });

  it('counts again after a stream that gave frames', () => {
    const start: WatchState = { mode: 'streaming', failures: 2 };

    expect(after(start, { type: 'stream.closed', hadFrames: true, error: null })).toEqual({
      mode: 'streaming',
      failures: 1,
    });
  });

  it('polls at once when the server takes no more streams', () => {
    const event: WatchEvent = { type: 'stream.closed', hadFrames: false, error: TOO_MANY };

    expect(after({ mode: 'streaming', failures: 0 }, event)).toEqual({ mode: 'polling', polls: 0 });
  });

  it('tries a stream again after ten polls', () => {
    expect(after({ mode: 'polling', polls: 9 }, { type: 'polled' })).toEqual({
      mode: 'streaming',
      failures: 0,
    });
  });

  it('never leaves its end', () => {
    expect(after({ mode: 'ended' }, QUIET, { type: 'polled' })).toEqual({ mode: 'ended' });
  });
});
