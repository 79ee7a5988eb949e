import { FakeClock } from '@comfleet/test-kit';
import { describe, expect, test } from 'vitest';
import { named } from '../../../test/kit/named.ts';
import { PreviewThrottle } from './preview-throttle.ts';

function openThrottle() {
  const clock = new FakeClock();
  const throttle = new PreviewThrottle(clock, 500);
  const sent: string[] = [];
  const offer = (task: string, first: number, size = 4) =>
    throttle.offer(named(task), new Uint8Array(size).fill(first), (bytes) =>
      sent.push(`${task}:${bytes[0]}`),
    );
  return { clock, throttle, sent, offer };
}

describe('previews', () => {
  test('the first goes out at once, of the next ones the newest after half a second', () => {
    const { clock, sent, offer } = openThrottle();
    for (const number of [1, 2, 3]) offer('a', number);
    expect(sent).toEqual(['a:1']);

    clock.advance(500);

    expect(sent).toEqual(['a:1', 'a:3']);
  });

  test('at most two a second however many come', () => {
    const { clock, sent, offer } = openThrottle();
    for (let step = 0; step < 100; step += 1) {
      offer('a', step);
      clock.advance(20);
    }

    expect(sent).toEqual(['a:0', 'a:24', 'a:49', 'a:74', 'a:99']);
  });

  test('tasks do not wait for each other', () => {
    const { sent, offer } = openThrottle();
    offer('a', 1);
    offer('b', 2);

    expect(sent).toEqual(['a:1', 'b:2']);
  });

  test('one above 64 kB reaches nobody', () => {
    const { sent, offer } = openThrottle();
    offer('a', 1, 64 * 1024 + 1);
    offer('a', 2, 64 * 1024);

    expect(sent).toEqual(['a:2']);
  });

  test('what waits does not change when the socket uses its memory again', () => {
    const { clock, throttle, sent, offer } = openThrottle();
    const frame = new Uint8Array([7]);
    offer('a', 1);
    throttle.offer(named('a'), frame, (bytes) => sent.push(`a:${bytes[0]}`));

    frame.fill(9);
    clock.advance(500);

    expect(sent).toEqual(['a:1', 'a:7']);
  });

  test('nothing is kept for a task that sends no more', () => {
    const { clock, sent, offer } = openThrottle();
    offer('a', 1);
    clock.advance(500);

    offer('a', 2);

    expect(sent).toEqual(['a:1', 'a:2']);
  });
});
