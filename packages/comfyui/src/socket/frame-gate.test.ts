import { FakeClock } from '@comfleet/test-kit';
import { describe, expect, it } from 'vitest';
import { FrameGate } from './frame-gate.ts';

function open() {
  const clock = new FakeClock();
  const read: string[] = [];
  const flow: string[] = [];
  let dropped = 0;
  const gate = new FrameGate({
    clock,
    socket: { pause: () => flow.push('pause'), resume: () => flow.push('resume') },
    read: (text) => read.push(text),
    drop: () => {
      dropped += 1;
    },
  });
  return { clock, gate, read, flow, dropped: () => dropped };
}

const progress = (value: number) => `{"type": "progress", "data": {"value": ${value}}}`;

describe('frames of a worker', () => {
  it('are read as they come, however many of a busy second', () => {
    const { clock, gate, read } = open();
    for (let at = 0; at < 1000; at += 1) {
      gate.take(progress(at));
      clock.advance(1);
    }
    expect(read).toHaveLength(1000);
  });

  it('in a flood only the newest progress is read, before whatever comes after it', () => {
    const { clock, gate, read } = open();
    for (let at = 0; at < 1000; at += 1) gate.take(progress(at));
    expect(read).toHaveLength(200);
    gate.take('{"type": "execution_success"}');
    expect(read.slice(200)).toEqual([progress(999), '{"type": "execution_success"}']);
    gate.take(progress(1000));
    clock.advance(100);
    expect(read.at(-1)).toBe(progress(1000));
  });

  it('beyond any measure are left out, and the worker has to wait', () => {
    const { clock, gate, read, flow, dropped } = open();
    for (let at = 0; at < 12_000; at += 1) gate.take('{"type": "x"}');
    expect([read.length, dropped(), flow]).toEqual([2000, 10_000, ['pause']]);
    clock.advance(100);
    gate.take('{"type": "y"}');
    expect([read.at(-1), flow]).toEqual(['{"type": "y"}', ['pause', 'resume']]);
  });

  it('a closed gate leaves no timer', () => {
    const { clock, gate } = open();
    for (let at = 0; at < 1000; at += 1) gate.take(progress(at));
    gate.close();
    expect(clock.pending).toBe(0);
  });
});
