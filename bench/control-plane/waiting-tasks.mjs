/** @typedef {import('../fleet.mjs').Server} Server */
/** @typedef {{ tasks: number, acceptMs: number[] }} Accepted how long each batch took to be accepted */

/** The maximum size of a batch. */
const BATCH = 10_000;

const GRAPH = {
  3: {
    class_type: 'KSampler',
    inputs: {
      ...{ seed: 1, steps: 20, cfg: 7, sampler_name: 'euler', scheduler: 'normal', denoise: 1 },
      ...{ model: ['4', 0], positive: ['6', 0], negative: ['7', 0], latent_image: ['5', 0] },
    },
  },
  4: { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: '' } },
  5: { class_type: 'EmptyLatentImage', inputs: { width: 1024, height: 1024, batch_size: 1 } },
  6: { class_type: 'CLIPTextEncode', inputs: { text: 'a lighthouse at dawn, photograph', clip: ['4', 1] } },
  7: { class_type: 'CLIPTextEncode', inputs: { text: 'text, watermark', clip: ['4', 1] } },
  8: { class_type: 'VAEDecode', inputs: { samples: ['3', 0], vae: ['4', 2] } },
  9: { class_type: 'SaveImage', inputs: { filename_prefix: 'bench', images: ['8', 0] } },
};

/**
 * Submits tasks in batches of 10,000, each from a new client (one client may have 20,000 waiting), one checkpoint
 * after another, so that there is one lane per checkpoint.
 * @param {Server} server @param {{ tasks: number, checkpoints: readonly string[] }} options @returns {Promise<Accepted>}
 */
export async function submitWaiting(server, { tasks, checkpoints }) {
  /** @type {number[]} */
  const acceptMs = [];
  for (let from = 0; from < tasks; from += BATCH) {
    const token = await registerClient(server, `bench ${from}`);
    const count = Math.min(BATCH, tasks - from);
    const items = Array.from({ length: count }, (_value, index) => ({
      updates: [
        { node_id: '3', input_name: 'seed', value: from + index },
        { node_id: '4', input_name: 'ckpt_name', value: checkpoints[index % checkpoints.length] },
      ],
    }));
    const [first = ''] = checkpoints;
    const graph = { ...GRAPH, 4: { ...GRAPH[4], inputs: { ckpt_name: first } } };
    const start = performance.now();
    await post(server, '/api/v2/batches', { token, body: { graph, tasks: items } });
    acceptMs.push(Math.round(performance.now() - start));
  }
  return { tasks, acceptMs };
}

/** Registers a client that may submit raw graphs; returns its token. @param {Server} server @param {string} name */
async function registerClient(server, name) {
  const { token } = server;
  const made = await post(server, '/api/v2/auth/register', { token, body: { client_name: name } });
  const grants = { token, body: { grants: ['raw_graph'] } };
  await post(server, `/api/v2/admin/clients/${made.client_id}/grants`, grants);
  const secret = { client_id: made.client_id, client_secret: made.client_secret };
  return String((await post(server, '/api/v2/auth/token', { token, body: secret })).access_token);
}

/** @param {Server} server @param {string} path @param {{ token: string, body: object }} request */
export async function post({ url }, path, { token, body }) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const answer = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`POST ${path} answered ${answer.status}: ${text.slice(0, 500)}`);
  return JSON.parse(text);
}
