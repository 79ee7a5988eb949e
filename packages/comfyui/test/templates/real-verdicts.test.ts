import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ComfyuiProcess } from '../../../../e2e/real-fleet/comfyui-process.ts';
import {
  type FoundComfyui,
  findOtherVersion,
  findRealComfyui,
} from '../../../../e2e/services/real-comfyui.ts';
import { skipWhen } from '../../../../e2e/services/skip-reason.ts';
import { makeMutations } from './mutations.ts';
import { findFailingCalls, placeFiles, RealValidator } from './real-server.ts';
import {
  type RealVerdict,
  type Recording,
  readObjectInfo,
  readRecording,
  readTemplates,
  writeRecording,
} from './template-data.ts';

/** COMFLEET_RECORD_TEMPLATES=1 replaces the recorded verdicts by those of this server. */
const isRecording = process.env.COMFLEET_RECORD_TEMPLATES === '1';
const RECORDED_VERSION = '0.33.0';

const real = findRealComfyui();
const missing = findOtherVersion(real, RECORDED_VERSION);

/** The part that does not depend on the order of Python's sets: the input at which an exception or cycle is found varies by start. */
function listSteady({ templates, mutations }: Recording): object[] {
  const takeSteady = ({ problems, ...verdict }: RealVerdict) => ({
    ...verdict,
    isPartial: problems.length > 0,
  });
  return [
    ...Object.entries(templates).map(([name, verdict]) => ({ name, ...takeSteady(verdict) })),
    ...mutations.map(({ verdict, ...mutation }) => ({ ...mutation, ...takeSteady(verdict) })),
  ];
}

describe('the verdict of a real ComfyUI on templates and mutations', skipWhen(missing), () => {
  let found: FoundComfyui;
  let folder: string;
  let comfyui: ComfyuiProcess;
  let validator: RealValidator;

  beforeAll(async () => {
    if (real.missing !== undefined) return;
    found = real;
    folder = await mkdtemp(join(tmpdir(), 'comfleet-templates-'));
    await placeFiles(join(folder, 'w1'), readTemplates().values());
    comfyui = await ComfyuiProcess.start(real, folder, 'w1', { withApiNodes: true });
    validator = new RealValidator(comfyui.url);
    await validator.keepBusy();
  }, 180_000);
  afterAll(async () => {
    await comfyui?.kill();
    if (folder !== undefined) await rm(folder, { recursive: true });
  });

  it('is what was recorded', { timeout: 600_000 }, async () => {
    const templates = readTemplates();
    const objectInfo = await (await fetch(`${comfyui.url}/object_info`)).json();
    const source = { templates, objectInfo: isRecording ? objectInfo : readObjectInfo() };
    const recording: Recording = { comfyui: RECORDED_VERSION, templates: {}, mutations: [] };
    for (const [name, { api }] of templates) recording.templates[name] = await validator.validate(api);
    const mutations = makeMutations(source);
    const graphs = mutations.map(({ graph }) => graph);
    const failing = await findFailingCalls(found, join(folder, 'w1'), graphs);
    for (const [index, { graph, ...mutation }] of mutations.entries()) {
      const verdict = await validator.validate(graph);
      const failingCalls = failing[index] ?? [];
      if (verdict.isAccepted && failingCalls.length > 0) Object.assign(verdict, { failingCalls });
      recording.mutations.push({ ...mutation, verdict });
    }
    if (isRecording) writeRecording(recording, objectInfo);
    expect(listSteady(recording)).toEqual(listSteady(readRecording()));
  });
});
