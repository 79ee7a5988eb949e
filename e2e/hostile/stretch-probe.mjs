import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { isMainThread } from 'node:worker_threads';

// Loaded before the server: tells on a socket for how long, in processor time, one piece of work has held its main thread since it was
// asked last. Other programs on the machine do not count, as they do in the time of an answer. Null where the system does not tell.
const POLL_MS = 4;

/** Processor time of the main thread so far, ms. */
function readBusyMs() {
  const [nanoseconds] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ');
  return Number(nanoseconds) / 1e6;
}

/** @param {string} path Of the socket. */
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
