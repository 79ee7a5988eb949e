import { createNodeTransport } from '@comfleet/comfyui/node';
import { createGraph } from './graph.mjs';

// A load generator: node load.mjs URL TOKEN TASKS IN_FLIGHT; prints one JSON line when every result is stored.
const [url = '', token = '', tasks = '0', inFlight = '1'] = process.argv.slice(2);
const count = Number(tasks);
/** Infrequent, because counting is work for the server too. */
const POLL_MS = 200;
const GIVE_UP_MS = 300_000;

const transport = createNodeTransport({ connections: Number(inFlight) });
const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };

/** The number of succeeded tasks of this server. */
async function countSucceeded() {
  const query = `${url}/api/v2/tasks?status=succeeded&limit=1`;
  const answer = await transport.request({ method: 'GET', url: query, headers });
  return Number(JSON.parse(await answer.text()).total);
}

const before = await countSucceeded();
const start = performance.now();
const offset = Math.floor(Math.random() * 1e6);
let next = 0;
await Promise.all(
  Array.from({ length: Number(inFlight) }, async () => {
    while (next < count) {
      const body = JSON.stringify({ graph: createGraph(offset + next++) });
      const answer = await transport.request({ method: 'POST', url: `${url}/api/v2/tasks`, headers, body });
      const text = await answer.text();
      if (answer.status !== 201) throw new Error(`POST answered ${answer.status}: ${text}`);
    }
  }),
);
const acceptedMs = performance.now() - start;
while ((await countSucceeded()) < before + count) {
  if (performance.now() - start > GIVE_UP_MS) throw new Error('the tasks did not all succeed in time');
  await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}
const storedMs = performance.now() - start;
const { user, system } = process.cpuUsage();
process.stdout.write(`result ${JSON.stringify({ acceptedMs, storedMs, cpuMs: (user + system) / 1000 })}\n`);
await transport.close();
