import { Agent, get } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';

// Requests an address every 20 ms, on its own thread so that nothing else delays it, and reports how long each response took.
const PAUSE_MS = 20;
const agent = new Agent({ keepAlive: true });

/** Sends one request; reports its milliseconds, or why there was no response. */
function ask() {
  const startedMs = performance.now();
  return new Promise((resolve) => {
    const request = get(workerData.url, { agent }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve({ ms: performance.now() - startedMs, status: answer.statusCode }));
    });
    request.on('error', (error) =>
      resolve({ ms: performance.now() - startedMs, status: 0, error: String(error) }),
    );
  });
}

let isOpen = true;
parentPort?.on('message', () => {
  isOpen = false;
});
while (isOpen) {
  parentPort?.postMessage(await ask());
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}
agent.destroy();
parentPort?.close();
