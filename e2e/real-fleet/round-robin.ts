import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Graph } from '@comfleet/comfyui';
import { ComfyUI } from '@comfleet/comfyui/node';
import type { ComfyuiProcess } from './comfyui-process.ts';

/**
 * What people do without Comfleet: graphs go to the servers in turn, and each server's own queue does the rest. Returns the
 * picture of each graph.
 */
export async function runRoundRobin(
  servers: readonly ComfyuiProcess[],
  graphs: readonly Graph[],
  folder: string,
): Promise<Buffer[]> {
  const clients = servers.map(({ port }) => new ComfyUI({ host: '127.0.0.1', port }));
  try {
    for (const client of clients) await client.connectWebSocket();
    const pictures: Promise<Buffer>[] = [];
    for (const [index, graph] of graphs.entries()) {
      const client = clients[index % clients.length];
      if (!client) throw new Error('no server');
      const accepted = whenAccepted(client);
      const picture = runOne(client, graph, join(folder, String(index)));
      pictures.push(picture);
      // In this order, without waiting for results.
      await Promise.race([accepted, picture]);
    }
    return await Promise.all(pictures);
  } finally {
    for (const client of clients) await client.close();
  }
}

function whenAccepted(client: ComfyUI): Promise<void> {
  return new Promise((resolve) => {
    const stop = client.on('log', ({ step }) => {
      if (step !== 'submitted') return;
      stop();
      resolve();
    });
  });
}

async function runOne(client: ComfyUI, graph: Graph, folder: string): Promise<Buffer> {
  const { files } = await client.processWorkflow(graph, null, folder, { autoClose: false });
  return readFile(files[0] ?? '');
}
