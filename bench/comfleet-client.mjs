import { createNodeDialer } from '@comfleet/comfyui/node';
import { readBytes, readMonotonicMs } from './direct-client.mjs';

/** @typedef {import('@comfleet/comfyui/node').NodeTransport} NodeTransport */
/** @typedef {import('@comfleet/contract').LiveMessage} LiveMessage */
/** @typedef {import('@comfleet/contract').Task} Task */

/** Ended tasks as the live socket reported them, and the callers waiting for each. */
class Endings {
  /** @type {Map<string, Task>} */
  #ended = new Map();
  /** @type {Map<string, (task: Task) => void>} */
  #waiting = new Map();

  /** @param {Task} task */
  record(task) {
    const resolve = this.#waiting.get(task.task_id);
    this.#waiting.delete(task.task_id);
    if (resolve) resolve(task);
    else this.#ended.set(task.task_id, task);
  }

  /** @param {string} id @returns {Promise<Task>} */
  wait(id) {
    const task = this.#ended.get(id);
    this.#ended.delete(id);
    if (task) return Promise.resolve(task);
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }
}

const ENDED = new Set(['succeeded', 'failed', 'canceled', 'expired']);

/**
 * Runs graphs through Comfleet as a client of its native API: POST with the raw graph, the end by the live socket,
 * the bytes by GET. It uses the same HTTP and socket layer as the direct client.
 * @param {{ url: string, token: string }} server @param {NodeTransport} transport
 */
export async function openComfleetClient({ url, token }, transport) {
  const endings = new Endings();
  const socket = await openLive({ url, token }, endings);
  const authorization = `Bearer ${token}`;
  const headers = { authorization, 'content-type': 'application/json' };

  /** @param {object} graph @returns {Promise<string>} */
  async function submit(graph) {
    const body = JSON.stringify({ graph });
    const answer = await transport.request({ method: 'POST', url: `${url}/api/v2/tasks`, headers, body });
    const text = await answer.text();
    if (answer.status !== 201) throw new Error(`POST answered ${answer.status}: ${text}`);
    return JSON.parse(text).task_id;
  }

  /** @param {object} graph @returns {Promise<import('./direct-client.mjs').Timed>} */
  async function run(graph) {
    const start = readMonotonicMs();
    const id = await submit(graph);
    const task = await endings.wait(id);
    if (task.status !== 'succeeded') throw new Error(`task ${id} ${task.status}: ${task.error?.message}`);
    const result = `${url}/api/v2/tasks/${id}/download?index=0`;
    const answer = await transport.request({ method: 'GET', url: result, headers: { authorization } });
    if (answer.status !== 200) throw new Error(`GET answered ${answer.status}: ${await answer.text()}`);
    await readBytes(answer.body);
    const readableAtMs = readMonotonicMs();
    return { id, totalMs: readableAtMs - start, readableAtMs };
  }

  return { run, close: () => socket.close() };
}

/** The live socket, watching everything of this client. @param {{ url: string, token: string }} server @param {Endings} endings */
async function openLive({ url, token }, endings) {
  const socket = createNodeDialer().dial(`${url.replace('http', 'ws')}/api/v2/live`);
  await new Promise((resolve, reject) => {
    socket.listen({
      onOpen: () => socket.send(JSON.stringify({ type: 'auth', token })),
      onText: (text) => {
        /** @type {LiveMessage} */
        const message = JSON.parse(text);
        if (message.type === 'ready') {
          socket.send(JSON.stringify({ type: 'watch_own' }));
          resolve(undefined);
        }
        if (message.type !== 'frame' || message.frame.kind !== 'event') return;
        const { task } = message.frame;
        if (task && ENDED.has(task.status)) endings.record(task);
      },
      onBinary: () => undefined,
      onClose: ({ reason }) => reject(new Error(`the live socket closed: ${reason}`)),
      onError: reject,
    });
  });
  return socket;
}
