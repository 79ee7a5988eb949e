import { Agent, get } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';

// Asks an address every 20 ms, on a thread of its own so that nothing here delays it, and reports how long each answer took.
const PAUSE_MS = 20;
const agent = new Agent({ keepAlive: true });

/** One question; its milliseconds, or why there was no answer. */
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
