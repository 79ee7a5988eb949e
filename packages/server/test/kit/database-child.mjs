// A process on a database, to be killed: `write` commits rows and prints each acknowledged one; `hold` takes the lock.
import {
  announceAddress,
  openDatabase,
  openGeneration,
  openProcessLock,
  Scope,
  silentLogger,
  systemClock,
  systemRandom,
} from '@comfleet/server';

const IN_FLIGHT = 8;

const [mode = '', configText = '{}', first = '0'] = process.argv.slice(2);
const config = JSON.parse(configText);
const deps = { clock: systemClock, random: systemRandom, logger: silentLogger };
const scope = new Scope('child', systemClock, silentLogger);

/** @param {import('@comfleet/server').Database} database @param {number} number */
async function writeRow(database, number) {
  const row = { hash: String(number), size_bytes: number, created_at: database.nowMs() };
  const outcome = await database.commit([{ query: database.k.insertInto('blob').values(row), rows: 1 }]);
  if (outcome.kind !== 'committed') throw new Error(outcome.reason);
  process.stdout.write(`${number}\n`);
}

if (mode === 'hold') {
  const onLost = (/** @type {Error} */ error) => process.stdout.write(`lost ${error.message}\n`);
  await openProcessLock(scope, config, { ...deps, onLost });
  const database = await openDatabase(scope, { database: config, durability: 'power' }, deps);
  await openGeneration(database);
  await announceAddress(database, 'http://127.0.0.1:8000');
  process.stdout.write('holding\n');
} else {
  const database = await openDatabase(scope, { database: config, durability: 'power' }, deps);
  let next = Number(first);
  const writeOn = async () => {
    for (;;) await writeRow(database, next++);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, writeOn));
}
