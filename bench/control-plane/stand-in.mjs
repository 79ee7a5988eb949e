// Many idle ComfyUI servers in one process: node stand-in.mjs COUNT INSTALLATION_JSON …; server i is of the installation
// i modulo their number. Each listens on a port that the kernel chooses; one printed line has all addresses. They serve what
// the control plane requests from an idle worker; a prompt is refused.
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
import { createObjectInfo } from './object-info.mjs';

/** @typedef {{ variant: number, checkpoints: string[] }} Installation */
/** @typedef {ReadonlyMap<string, string>} Answers path → JSON text */

const [count = '1', ...installations] = process.argv.slice(2);
/** Like aiohttp, which ComfyUI is built on. */
const KEEP_ALIVE_MS = 75_000;
const STATUS = { status: { exec_info: { queue_remaining: 0 } } };

/** Besides checkpoints: typical model folders, with this many files each. */
const FOLDERS = {
  loras: 40,
  vae: 6,
  text_encoders: 6,
  diffusion_models: 8,
  controlnet: 12,
  upscale_models: 6,
};

/** @param {Installation} installation @returns {Answers} */
function createAnswers({ variant, checkpoints }) {
  const names = (/** @type {string} */ folder, /** @type {number} */ files) =>
    Array.from({ length: files }, (_value, file) => `${folder}-${variant}-${file}.safetensors`);
  const folders = Object.entries(FOLDERS).map(([folder, files]) => [folder, names(folder, files)]);
  const models = Object.fromEntries([['checkpoints', checkpoints], ...folders]);
  const gpu = { name: 'cuda:0 NVIDIA L40S', type: 'cuda', index: 0, vram_total: 48e9, vram_free: 40e9 };
  const system = { os: 'posix', comfyui_version: '0.3.64', argv: ['main.py', '--listen', '127.0.0.1'] };
  return new Map([
    ['/object_info', createObjectInfo({ variant, checkpoints })],
    ['/system_stats', JSON.stringify({ system, devices: [gpu] })],
    ['/features', JSON.stringify({ supports_preview_metadata: true, max_upload_size: 104_857_600 })],
    ['/models', JSON.stringify(Object.keys(models))],
    ...Object.entries(models).map(([folder, files]) => entry(`/models/${folder}`, files)),
    ['/embeddings', JSON.stringify(names('embedding', 4))],
    ['/queue', JSON.stringify({ queue_running: [], queue_pending: [] })],
    ['/prompt', JSON.stringify({ exec_info: { queue_remaining: 0 } })],
    ['/history', '{}'],
  ]);
}

/** @param {string} path @param {unknown} body @returns {[string, string]} */
function entry(path, body) {
  return [path, JSON.stringify(body)];
}

const sockets = new WebSocketServer({ noServer: true });

/** @param {Answers} answers */
async function openStandIn(answers) {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    const body = request.method === 'GET' ? (answers.get(path) ?? findHistory(path)) : undefined;
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json; charset=utf-8' });
    response.end(body ?? '{}');
  });
  server.on('upgrade', (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, (client) => {
      const sid = new URL(request.url ?? '/', 'http://stand-in').searchParams.get('clientId');
      client.send(JSON.stringify({ type: 'status', data: { ...STATUS, sid } }));
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the stand-in has no port');
  return `http://127.0.0.1:${address.port}`;
}

/** @param {string} path */
function findHistory(path) {
  return path.startsWith('/history/') ? '{}' : undefined;
}

const answers = installations.map((text) => createAnswers(JSON.parse(text)));
/** @type {string[]} */
const urls = [];
for (let number = 0; number < Number(count); number += 1) {
  const own = answers[number % answers.length];
  if (own) urls.push(await openStandIn(own));
}
process.once('SIGINT', () => process.exit(0));
process.stdout.write(`workers ${JSON.stringify(urls)}\n`);
