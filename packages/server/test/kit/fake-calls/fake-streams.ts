import type { StreamFrame } from '@comfleet/contract';

/** Streams that send `frames`, and then end or wait for their signal. */
export class FakeStreams {
  frames: StreamFrame[] = [];
  isWaiting = false;
  /** Every stream that was opened. */
  readonly watching: { after: number | null; signal: AbortSignal }[] = [];

  async *open(after: number | null, signal: AbortSignal): AsyncIterable<StreamFrame> {
    this.watching.push({ after, signal });
    for (const frame of this.frames) yield frame;
    if (!this.isWaiting || signal.aborted) return;
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  }
}
