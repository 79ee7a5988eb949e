import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startUp } from '@comfleet/server';
import { DEFAULT_MODELS, openSimulator } from '@comfleet/simulator';

/** @typedef {{ url: string, token: string, parameters: Record<string, Record<string, string>>, close: () => Promise<void> }} Stage */

/**
 * A local server with two simulated workers, an ended task, a batch, uploads and a client, for random requests. `parameters`
 * has the existing ids by path template.
 * @param {string} folder @returns {Promise<Stage>}
 */
export async function openStage(folder) {
  const models = DEFAULT_MODELS.map((model) => ({ ...model, loadMs: 0 }));
  const workers = [await openSimulator({ stepMs: 1, models }), await openSimulator({ stepMs: 1, models })];
  const config = join(folder, 'config.yaml');
  await writeFile(
    config,
    JSON.stringify({
      server: { port: 0 },
      auth: { open_registration: true },
      // Random requests are many.
      rate_limits: { anonymous_per_minute: null, registered_client_per_minute: null },
      workers: workers.map(({ url }, index) => ({ name: `gpu-${index + 1}`, url })),
    }),
  );
  const stop = new AbortController();
  const data = join(folder, 'data');
  const { server, started } = serve({ config, data, signal: stop.signal });
  await started;
  const { url, token } = JSON.parse(await readFile(join(data, 'credential.json'), 'utf8'));
  return {
    url,
    token,
    parameters: await createSamples(url, token),
    close: async () => {
      stop.abort();
      await server;
      for (const worker of workers) await worker.close();
    },
  };
}

/** @param {{ config: string, data: string, signal: AbortSignal }} options */
function serve({ config, data, signal }) {
  let server = Promise.resolve(0);
  const started = new Promise((resolve, reject) => {
    /** @param {string} line */
    const print = (line) => {
      if (line.includes('/client#code=')) resolve(undefined);
    };
    const options = { dataDir: data, config, workers: [], environment: {} };
    server = startUp({ ...options, language: 'en', signal, print });
    server.then((code) => reject(new Error(`the server ended with ${code}`)), reject);
  });
  return { server, started };
}

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

/** @param {string} url @param {string} token */
async function createSamples(url, token) {
  /** @param {string} method @param {string} path @param {unknown} [body] */
  const ask = async (method, path, body) => {
    const isForm = body instanceof FormData;
    const headers = {
      authorization: `Bearer ${token}`,
      ...(body !== undefined && !isForm && { 'content-type': 'application/json' }),
    };
    const answer = await fetch(url + path, {
      method,
      headers,
      ...(body !== undefined && { body: isForm ? body : JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${await answer.text()}`);
    return answer;
  };
  /** @param {string} path @param {unknown} body */
  const make = async (path, body) => (await ask('POST', path, body)).json();
  const upload = async () => {
    const form = new FormData();
    form.append('file', new Blob([PNG]), 'in.png');
    return make('/api/fleet/uploads', form);
  };
  const task = await make('/api/v2/tasks', { workflow_name: 'solid_color' });
  // The stream ends when the task ends.
  await (await ask('GET', `/api/v2/tasks/${task.task_id}/events`)).text();
  const batch = await make('/api/v2/batches', { workflow_name: 'solid_color', tasks: [{}, {}] });
  const client = await make('/api/v2/auth/register', { client_name: 'fuzz' });
  const kept = await upload();
  const { workers } = await (await ask('GET', '/api/fleet/workers')).json();
  return {
    '^/api/(v2|fleet)/tasks/\\{id\\}': { id: task.task_id },
    '^/api/v2/jobs/\\{id\\}': { id: task.task_id },
    '^/api/fleet/debug/check/': { id: task.task_id },
    '^/api/v2/batches/\\{id\\}': { id: batch.batch_id },
    '^/api/v2/admin/clients/\\{id\\}': { id: client.client_id },
    '^/api/fleet/workers/\\{id\\}': { id: workers[0].worker_id },
    '^/api/v2/workflows/\\{name\\}': { name: 'solid_color' },
    '^/api/(v2|fleet)/assets/\\{id\\}/content': { id: kept.upload_id },
    '^/api/fleet/uploads/\\{id\\}': { id: (await upload()).upload_id },
    '^/api/v2/assets/\\{id\\}$': { id: (await upload()).upload_id },
  };
}
