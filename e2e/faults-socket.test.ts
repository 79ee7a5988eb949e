import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FaultBench } from './faults/fault-bench.ts';
import { FAULT_CASES } from './faults/fault-table.ts';

/** From ComfyUI's end of the prompt to a readable result, under any socket fault (P7). */
const MAX_MS = 1500;

describe('P7 the result is readable after any socket fault, at each of five moments', () => {
  let bench: FaultBench;
  const readableAfterMs: number[] = [];

  beforeAll(async () => {
    bench = await FaultBench.open(FAULT_CASES);
  });

  afterAll(async () => {
    const sorted = readableAfterMs.toSorted((a, b) => a - b);
    const p99 = sorted[Math.ceil(sorted.length * 0.99) - 1] ?? Number.NaN;
    const most = sorted.at(-1) ?? Number.NaN;
    process.stdout.write(
      `socket faults: ${sorted.length} cases, result readable after the end p99 ${p99.toFixed(0)} ms, ` +
        `maximum ${most.toFixed(0)} ms\n`,
    );
    await bench?.close();
  });

  test.each(FAULT_CASES)(
    '$title',
    async (one) => {
      const observed = await bench.run(one);

      readableAfterMs.push(observed.readableAfterMs);
      expect(observed).toEqual({
        status: 'succeeded',
        executions: 1,
        terminalEvents: 1,
        areBytesEqual: true,
        readableAfterMs: expect.any(Number),
      });
      expect(observed.readableAfterMs).toBeGreaterThan(0);
      expect(observed.readableAfterMs).toBeLessThanOrEqual(MAX_MS);
    },
    20_000,
  );
});
