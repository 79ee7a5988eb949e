import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningServer, startServer } from '@comfleet/test-kit/server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { placeFiles, RealValidator } from '../packages/comfyui/test/templates/real-server.ts';
import { readTemplates } from '../packages/comfyui/test/templates/template-data.ts';
import { ComfyuiProcess } from './real-fleet/comfyui-process.ts';
import { findOtherVersion, findRealComfyui } from './services/real-comfyui.ts';
import { skipWhen } from './services/skip-reason.ts';

/*
 * A hundred official templates of ComfyUI 0.33.0, sent through the server to a real ComfyUI that has a small file for each model
 * and input. The worker sleeps, so that accepted prompts wait there until they are canceled.
 */

const real = findRealComfyui();
const missing = findOtherVersion(real, '0.33.0');
const templates = readTemplates();

interface Sent {
  status: number;
  details: unknown;
  became: string | null;
}

const TAKEN: Sent = { status: 201, details: [], became: 'attempt.submitted' };

describe('official templates on a real ComfyUI', skipWhen(missing), () => {
  let folder = '';
  let comfyui: ComfyuiProcess;
  let server: RunningServer;

  beforeAll(async () => {
    if (missing !== undefined || real.missing !== undefined) return;
    folder = await mkdtemp(join(tmpdir(), 'comfleet-real-templates-'));
    await placeFiles(join(folder, 'w1'), templates.values());
    comfyui = await ComfyuiProcess.start(real, folder, 'w1', { withApiNodes: true });
    await new RealValidator(comfyui.url).keepBusy();
    server = await startServer({
      simulators: [],
      config: { workers: [{ name: 'w1', url: comfyui.url }] },
    });
    await server.whenOnline();
  });
  afterAll(async () => {
    await server?.close();
    await comfyui?.kill();
    if (folder !== '') await rm(folder, { recursive: true });
  });

  /** Submits a graph and cancels it once the worker has accepted or refused it; returns the outcome and the text for the user. */
  async function send(graph: object): Promise<Sent> {
    const { status, json } = await server.ask(server.token, 'POST /api/v2/tasks', { body: { graph } });
    if (status !== 201) return { status, details: json.error, became: null };
    const path = `/api/v2/tasks/${json.task_id}`;
    let became = '';
    await server.follow(
      server.token,
      `${path}/events`,
      ({ data }) => {
        became = data.event?.type;
        return became === 'attempt.submitted' || became === 'task.failed';
      },
      { 'last-event-id': '0' },
    );
    await server.ask(server.token, `DELETE ${path}`);
    return { status, details: json.warnings, became };
  }

  test('each is accepted, by the server and by the worker, without a warning', {
    timeout: 300_000,
  }, async () => {
    const answers: [name: string, sent: Sent][] = [];
    for (const [name, { api }] of templates) answers.push([name, await send(api)]);
    expect(answers).toEqual([...templates.keys()].map((name) => [name, TAKEN]));
  });
});
