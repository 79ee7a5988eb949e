import { openSimulator, type Simulator, type SimulatorOptions } from '@comfleet/simulator';
import {
  listScenarios,
  loadRecordedEdges,
  RECORDED_VERSIONS,
  type RecordedVersion,
  runScenario,
  sendEdges,
} from '@comfleet/simulator/conformance';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const MODELS = [
  { name: 'random-a.safetensors', loadMs: 20, vramMegabytes: 2048 },
  { name: 'random-b.safetensors', loadMs: 20, vramMegabytes: 2048 },
];

/** Options with which the recorded servers were started. */
const OPTIONS: Record<RecordedVersion, SimulatorOptions> = {
  '0.3.64': { version: '0.3.64', previewMethod: 'auto' },
  '0.33': { version: '0.33', argv: ['main.py', '--cpu', '--disable-api-nodes'] },
};

describe.each(RECORDED_VERSIONS)('recordings of ComfyUI %s played against the simulator', (version) => {
  let simulator: Simulator;
  beforeAll(async () => {
    simulator = await openSimulator({ ...OPTIONS[version], stepMs: 40, models: MODELS });
  });
  afterAll(() => simulator.close());

  it.each(listScenarios(version).map((scenario) => [scenario.name, scenario] as const))(
    'TD10 %s is equal',
    async (_name, scenario) => {
      const result = await runScenario(simulator.url, scenario);
      expect(result.differences).toEqual([]);
    },
  );

  it('TD10 answers requests at the edge of the protocol character by character', async () => {
    const fresh = await openSimulator({ ...OPTIONS[version], models: MODELS });
    try {
      expect(await sendEdges(fresh.url)).toEqual(loadRecordedEdges(version));
    } finally {
      await fresh.close();
    }
  });
});

it('notices a server that answers differently', async () => {
  const simulator = await openSimulator({ models: MODELS, version: '0.3.64' });
  try {
    simulator.control.set({ name: 'ws_duplicate', frame: 'executed' });
    simulator.control.set({ name: 'history_contradiction' });
    const result = await runScenario(simulator.url, { version: '0.3.64', name: 'success' });
    expect(result.differences.join('\n')).toContain('[3] executed');
    expect(result.differences.join('\n')).toContain('"status_str":"error"');
  } finally {
    await simulator.close();
  }
});
