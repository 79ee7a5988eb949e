import { ComfyHttp, createNodeTransport } from '@comfleet/comfyui/node';
/** @import { Comfleet } from '@comfleet/sdk' */

/**
 * Address of a ComfyUI to call directly: COMFYUI_HOST and COMFYUI_PORT, else an online worker of Comfleet, else the default
 * address.
 * @param {Comfleet | null} comfleet
 */
export async function findComfyui(comfleet) {
  const url = new URL(readSetting() ?? (await findWorker(comfleet)) ?? 'http://127.0.0.1:8188');
  return { url, answers: await answers(url) };
}

function readSetting() {
  const { COMFYUI_HOST: host, COMFYUI_PORT: port } = process.env;
  if (!host && !port) return null;
  return `http://${host || '127.0.0.1'}:${port || '8188'}`;
}

/** @param {Comfleet | null} comfleet */
async function findWorker(comfleet) {
  const workers = (await comfleet?.workers.list()) ?? [];
  return workers.find(({ state }) => state === 'online' || state === 'busy')?.url ?? null;
}

/** @param {URL} url */
async function answers(url) {
  const transport = createNodeTransport();
  try {
    await new ComfyHttp({ baseUrl: url.origin, transport }).loadSystemStats({ timeoutMs: 5000 });
    return true;
  } catch {
    return false; // the caller reports it
  } finally {
    await transport.close();
  }
}
