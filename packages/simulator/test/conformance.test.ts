import { openSimulator, type Simulator } from '@comfleet/simulator';
import { askEdges, loadRecordedEdges, runScenario, SCENARIOS } from '@comfleet/simulator/conformance';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const MODELS = [
  { name: 'random-a.safetensors', loadMs: 20, vramMegabytes: 2048 },
  { name: 'random-b.safetensors', loadMs: 20, vramMegabytes: 2048 },
];

let simulator: Simulator;
beforeAll(async () => {
  simulator = await openSimulator({ previewMethod: 'auto', stepMs: 40, models: MODELS });
});
afterAll(() => simulator.close());

describe('a recording of ComfyUI 0.3.64 played against the simulator', () => {
  it.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))(
    '%s is equal',
    async (_name, scenario) => {
      const result = await runScenario(simulator.url, scenario);
      expect(result.differences).toEqual([]);
    },
  );

  it('notices a server that answers differently', async () => {
    simulator.control.set({ name: 'ws_duplicate', frame: 'executed' });
    simulator.control.set({ name: 'history_contradiction' });
    const result = await runScenario(simulator.url, { name: 'success', startsCold: true });
    expect(result.differences.join('\n')).toContain('[3] executed');
    expect(result.differences.join('\n')).toContain('"status_str":"error"');
  });
});

describe('requests at the edge of the protocol', () => {
  it('are answered character by character as ComfyUI 0.3.64 answers them', async () => {
    const fresh = await openSimulator({ models: MODELS });
    try {
      expect(await askEdges(fresh.url)).toEqual(loadRecordedEdges());
    } finally {
      await fresh.close();
    }
  });
});
