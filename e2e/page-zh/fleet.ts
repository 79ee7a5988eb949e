import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSimulator } from '@comfleet/simulator';
import { findFreePort } from '@comfleet/test-kit';
import { startComfleet } from '../../packages/cli/test/comfleet-process.ts';
import { picture, slowPicture } from '../support/graphs.ts';

/** A node that raises, as the recorded testing pack has it. */
const FAILING = {
  '1': { class_type: 'EmptyImage', inputs: { width: 64, height: 64, batch_size: 1, color: 1 } },
  '2': { class_type: 'TestSyncError', inputs: { value: ['1', 0] } },
  '3': { class_type: 'SaveImage', inputs: { images: ['2', 0], filename_prefix: 'x' } },
};

/**
 * A server with workers in several states and a task in each state, started by `up` in a folder that is not the default one.
 */
export async function openChineseFleet() {
  const folder = await mkdtemp(join(tmpdir(), 'comfleet-page-zh-'));
  const simulator = await openSimulator({ stepMs: 40, previewMethod: 'latent2rgb' });
  const away = `http://127.0.0.1:${await findFreePort()}`;
  const url = new URL(simulator.url);
  await writeFile(
    join(folder, 'config.yaml'),
    `nodes:
  static_nodes:
    - { node_id: gpu-1, host: 127.0.0.1, port: ${url.port}, max_concurrent: 1 }
    - { node_id: gpu-2, host: 127.0.0.1, port: ${new URL(away).port}, labels: [large] }
    - { node_id: gpu-3, host: 127.0.0.1, port: 9, enabled: false }
`,
  );
  const server = startComfleet(['up', '--data', folder, '--port', '0', '--no-example'], {
    cwd: tmpdir(),
    env: { LANG: 'zh_CN.UTF-8' },
  });
  const link = /http:\/\/\S+#code=\S+/.exec(await server.lineOf(/#code=/))?.[0] ?? '';
  const credential = JSON.parse(await readFile(join(folder, 'credential.json'), 'utf8')) as { token: string };
  const call = async (path: string, body: unknown): Promise<{ task_id: string }> => {
    const answer = await fetch(new URL(path, link), {
      method: 'POST',
      headers: { authorization: `Bearer ${credential.token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as { task_id: string };
  };
  const submit = (body: unknown) => call('/api/v2/tasks', body);
  return {
    link,
    /** One task per state: first those that end at once, because the worker runs one at a time. */
    fill: async () => {
      await submit({ workflow_name: 'solid_color', parameters: { width: 64, height: 64 } });
      await submit({ graph: FAILING });
      await submit({ graph: slowPicture(600) });
      const { task_id: canceled } = await submit({ graph: picture(65) });
      await call(`/api/v2/tasks/${canceled}/cancel`, {});
      await submit({ graph: picture(66) });
      await submit({ graph: picture(67), workers: ['gpu-2'] });
      await submit({ graph: picture(68), workers: ['gpu-3'] });
    },
    stop: () => server.stop(),
    close: async () => {
      await server.stop();
      await simulator.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
