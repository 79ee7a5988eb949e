import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { isMainThread } from 'node:worker_threads';

// Loaded before the server: reports on a socket the longest piece of work on its main thread since the last request, in processor
// time. Unlike response times, this does not depend on other programs on the machine. Null if the system does not report it.
const POLL_MS = 4;

/** Processor time of the main thread so far, ms. */
function readBusyMs() {
  const [nanoseconds] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ');
  return Number(nanoseconds) / 1e6;
}

/** @param {string} path of the socket */
function watch(path) {
  let before = readBusyMs();
  let longest = 0;
  const look = () => {
    const now = readBusyMs();
    longest = Math.max(longest, now - before);
    before = now;
  };
  setInterval(look, POLL_MS).unref();
  const server = createServer((socket) => {
    look();
    socket.end(String(Math.round(longest)));
    longest = 0;
  });
  server.listen(path).unref();
}

if (isMainThread && process.platform === 'linux' && process.env.STRETCH_SOCKET)
  watch(process.env.STRETCH_SOCKET);
