import { connect as openSocket } from 'node:net';
import { findBinary } from './binaries.mjs';
import { chooseAccount, findFreePort, makeOwnedFolder, startServer } from './service-process.mjs';

/** @param {number} port @returns {Promise<void>} */
function ping(port) {
  return new Promise((resolve, reject) => {
    const socket = openSocket({ host: '127.0.0.1', port });
    socket.setTimeout(2000, () => socket.destroy(new Error('no answer to PING')));
    socket.once('error', reject);
    socket.once('connect', () => socket.write('PING\r\n'));
    socket.once('data', (data) => {
      socket.destroy();
      if (data.toString().startsWith('+PONG')) resolve();
      else reject(new Error(`unexpected answer to PING: ${data.toString()}`));
    });
  });
}

/**
 * A private Redis without persistence, on loopback; rejects when it is not installed or does not start.
 * @param {string} folder an empty folder
 */
export async function startRedis(folder) {
  const program = findBinary('redis-server');
  if (!program) throw new Error('Redis is not installed');
  const account = chooseAccount('redis');
  makeOwnedFolder(folder, account);
  const port = await findFreePort();
  const args = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    folder,
  ];
  const url = `redis://127.0.0.1:${port}`;
  return startServer({
    program,
    args,
    folder,
    account,
    stopSignal: 'SIGTERM',
    url,
    connect: () => ping(port),
  });
}
