import { formatTexts } from '@comfleet/contract';
import { TASK_TEXTS } from '@comfleet/contract/texts/tasks';
import { afterEach, describe, expect, it } from 'vitest';
import { FlowRig, pictureGraph } from './kit/flow-rig.ts';

const QUICK = { nodes: { health_check: { interval: 0.3, timeout: 0.5, retry_attempts: 2 } } };

let rig: FlowRig;
afterEach(() => rig.close());

/** Resolves once recovery of the only worker has started. */
function whenRecovering(): Promise<void> {
  const { fleet } = rig.app;
  return new Promise((resolve) => {
    const stop = fleet.onChange(({ workerId }) => {
      if (!fleet.find(workerId)?.snapshot().recovery) return;
      stop();
      resolve();
    });
  });
}

describe('the only worker', () => {
  it.each([
    ['dead', () => rig.simulator.close(), 'problem.refused', 'The connection to ComfyUI was refused.'],
    [
      'hung',
      async () => void rig.simulator.control.set({ name: 'freeze', times: 'until_cleared' }),
      'problem.timeout',
      'The connection to ComfyUI failed: no answer within 500 ms.',
    ],
  ])(
    'is %s: why, health and readiness say what is wrong, since when, and what to do',
    async (_, fault, code, words) => {
      rig = await FlowRig.open({ config: QUICK });
      const gone = whenRecovering();
      await fault();
      await gone;
      const id = await rig.submit(pictureGraph());
      const { waiting } = await rig.calls.tasks.explain(rig.actor, id);
      const [worker] = waiting?.workers ?? [];
      expect(worker).toMatchObject({ reason: 'offline', trouble: { texts: [{ code }, {}] } });
      expect(Date.now() - Date.parse(worker?.trouble?.since ?? '')).toBeLessThan(30_000);
      expect(formatTexts(TASK_TEXTS, 'zh-CN', worker?.trouble?.texts ?? [])).not.toMatch(
        /[a-z]{4,} [a-z]{3,}/,
      );
      const health = await (await fetch(`${rig.app.address}/api/health`)).json();
      expect(health.services.nodes.message).toMatch(/^the only worker is not online\. Since \d{4}-/);
      expect(health.services.nodes.message).toContain(words);
      const ready = await fetch(`${rig.app.address}/readyz`);
      expect([ready.status, await ready.text()]).toEqual([200, expect.stringContaining(words)]);
    },
  );
});
