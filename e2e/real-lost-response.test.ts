import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ComfyUI } from '@comfleet/comfyui/node';
import { openTcpProxy, type TcpProxy } from '@comfleet/simulator';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { FlowRig } from '../packages/server/test/kit/flow-rig.ts';
import { ComfyuiProcess } from './real-fleet/comfyui-process.ts';
import { slowColour } from './real-fleet/graphs.ts';
import { listColours } from './real-fleet/pixels.ts';
import { findMissingFile, findRealComfyui } from './services/real-comfyui.ts';
import { skipWhen } from './services/skip-reason.ts';

/*
 * The response of POST /prompt is lost and the network stays down for 8 s, between the library, or the server, and a real
 * ComfyUI. Enabled as real-fleet.test.ts is.
 */

const real = findRealComfyui();
const MISSING = findMissingFile(real, ['tests/execution/extra_model_paths.yaml']);
const AWAY_MS = 8000;
const RED = 0xff0000;
const GREEN = 0x00ff00;

describe(
  'the response of POST is lost, the network away for 8 s, a real ComfyUI runs the prompt',
  skipWhen(MISSING),
  () => {
    let folder: string;
    let comfyui: ComfyuiProcess;
    let proxy: TcpProxy;

    /** Delivers the next POST but drops its response, then cuts the network for a while; returns when it is back. */
    async function loseResponse(): Promise<number> {
      const before = comfyui.countPrompts();
      await vi.waitFor(() => expect(comfyui.countPrompts()).toBe(before + 1), {
        timeout: 30_000,
        interval: 5,
      });
      await proxy.goDown();
      await wait(AWAY_MS);
      proxy.clear();
      await proxy.goUp();
      return Date.now();
    }

    const note = (who: string, sinceMs: number) =>
      process.stdout.write(
        `lost response, ${who}: result ${Date.now() - sinceMs} ms after the network came back\n`,
      );

    beforeAll(async () => {
      if (real.missing !== undefined) return;
      folder = await mkdtemp(join(tmpdir(), 'comfleet-lost-response-'));
      comfyui = await ComfyuiProcess.start(real, folder, 'w1');
      proxy = await openTcpProxy({ host: '127.0.0.1', port: comfyui.port });
    }, 300_000);
    afterAll(async () => {
      await proxy?.close();
      await comfyui?.kill();
      if (folder) await rm(folder, { recursive: true, force: true });
    });

    test('C-4 the library returns the result of its one execution', async () => {
      const before = comfyui.countPrompts();
      const comfy = new ComfyUI({ host: '127.0.0.1', port: proxy.port });
      await comfy.connectWebSocket();
      proxy.add({ kind: 'black_hole', direction: 'down' });
      const [{ files }, backMs] = await Promise.all([
        comfy.processWorkflow(slowColour(RED, 1), null, join(folder, 'results')),
        loseResponse(),
      ]);
      note('library', backMs);

      expect(files).toHaveLength(1);
      expect(listColours(await readFile(files[0] ?? ''))).toEqual([RED]);
      expect(comfyui.countPrompts() - before).toBe(1);
    });

    test('C-4 the server delivers the result of its one attempt', async () => {
      const before = comfyui.countPrompts();
      const rig = await FlowRig.open({ simulators: [] });
      try {
        await rig.app.fleet.add({ name: 'w1', url: proxy.url, source: 'config' });
        await rig.whenOnline();
        proxy.add({ kind: 'black_hole', direction: 'down' });
        const [id, backMs] = await Promise.all([rig.submit(slowColour(GREEN, 1)), loseResponse()]);
        const task = await rig.ended(id);
        note('server', backMs);

        expect(task).toMatchObject({ status: 'succeeded', attempt_count: 1 });
        expect(listColours(await rig.bytes(id))).toEqual([GREEN]);
        expect(comfyui.countPrompts() - before).toBe(1);
      } finally {
        await rig.close();
      }
    });
  },
);
