import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  listScenarios,
  loadRecordedEdges,
  type RecordedVersion,
  runScenario,
  sendEdges,
} from '@comfleet/simulator/conformance';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ComfyuiProcess } from './real-fleet/comfyui-process.ts';
import { findMissingFile, findRealComfyui } from './services/real-comfyui.ts';
import { skipWhen } from './services/skip-reason.ts';

/*
 * The conformance list for the simulator, run against the installed version of a real ComfyUI. Enabled as
 * real-fleet.test.ts is.
 */

const real = findRealComfyui();
const MISSING = findMissingFile(real, [
  'tests/execution/extra_model_paths.yaml',
  'models/checkpoints/random-a.safetensors',
  'models/checkpoints/random-b.safetensors',
]);

describe('a real ComfyUI answers as it was recorded', skipWhen(MISSING), () => {
  let folder: string;
  let comfyui: ComfyuiProcess;
  let version: RecordedVersion;

  beforeAll(async () => {
    if (real.missing !== undefined) return;
    folder = await mkdtemp(join(tmpdir(), 'comfleet-conformance-'));
    comfyui = await ComfyuiProcess.start(real, folder, 'recorded');
    version = /^0\.3\./.test(await comfyui.loadVersion()) ? '0.3.64' : '0.33';
    if (version === '0.33') return;
    // 0.33 was recorded without previews; tests that need previews enable them.
    await comfyui.kill();
    comfyui = await ComfyuiProcess.start(real, folder, 'recorded-previews', {
      args: ['--preview-method', 'auto'],
    });
  }, 300_000);
  afterAll(async () => {
    await comfyui?.kill();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  test('TD10 requests at the edge of the protocol, character by character', async () => {
    expect(await sendEdges(comfyui.url)).toEqual(loadRecordedEdges(version));
  });

  test('TD10 every recorded scenario', { timeout: 900_000 }, async () => {
    const differences: Record<string, readonly string[]> = {};
    for (const scenario of listScenarios(version)) {
      const result = await runScenario(comfyui.url, scenario);
      if (result.differences.length > 0) differences[scenario.name] = result.differences;
    }
    expect(differences).toEqual({});
  });
});
