// npm run examples: shows a menu; `npm run examples -- 1` runs one example, `-- all` all of them.
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chooseTexts } from './parts/texts.mjs';

const text = chooseTexts(process.env);
const print = (/** @type {string} */ line) => console.log(line);

const CASES = [
  { name: 'characters', file: '1-single-character.mjs' },
  { name: 'descriptions', file: '2-several-descriptions.mjs' },
  { name: 'video', file: '3-image-to-video.mjs' },
  { name: 'graph', file: '4-own-graph.mjs' },
  { name: 'invert', file: '5-upload-and-invert.mjs' },
  { name: 'prompts', file: '6-prompts-from-file.mjs' },
  { name: 'control', file: '7-follow-cancel-rerun.mjs' },
];

const EXIT = { ok: 0, failed: 1, usage: 2, noServer: 3, interrupted: 130 };

const stop = new AbortController();
process.once('SIGINT', () => stop.abort(new Error('Ctrl-C')));

process.exitCode = await main(process.argv.slice(2));

/** @param {readonly string[]} words @returns {Promise<number>} */
async function main(words) {
  const [choice, ...args] = words;
  if (choice !== undefined) return await choose(choice, args);
  let status = EXIT.ok;
  for await (const line of readLines()) {
    const [first = '', ...rest] = line.trim().split(/\s+/);
    if (/^(q|quit|0)$/i.test(first)) return status;
    if (first !== '') status = await choose(first, rest);
    if (status === EXIT.interrupted) return status;
  }
  return status;
}

/** Shows the menu before each line that is read from the terminal or a pipe. */
async function* readLines() {
  const lines = createInterface({ input: process.stdin });
  stop.signal.addEventListener('abort', () => lines.close(), { once: true });
  showMenu();
  for await (const line of lines) {
    yield line;
    showMenu();
  }
}

function showMenu() {
  print(`\n${text.title}\n`);
  for (const [index, { name }] of CASES.entries()) print(`  ${index + 1}. ${titleOf(name)}`);
  print(`  a. ${text.all}`);
  print(`  q. ${text.quit}\n`);
  process.stdout.write(text.choose);
}

/** @param {string} name */
function titleOf(name) {
  return text.cases[/** @type {keyof typeof text.cases} */ (name)];
}

/** @param {string} choice @param {readonly string[]} args @returns {Promise<number>} */
async function choose(choice, args) {
  if (/^(a|all)$/i.test(choice)) return await runAll();
  const number = Number(choice);
  if (CASES[number - 1] !== undefined) return await runCase(number, args);
  print(text.unknown(choice));
  return EXIT.usage;
}

async function runAll() {
  /** @type {number[]} */
  const statuses = [];
  for (const index of CASES.keys()) {
    const status = await runCase(index + 1, []);
    if (status === EXIT.noServer || status === EXIT.interrupted) return status;
    statuses.push(status);
  }
  const good = statuses.filter((status) => status === EXIT.ok).length;
  print(text.summary(good, statuses.length - good));
  return good === statuses.length ? EXIT.ok : EXIT.failed;
}

/** @param {number} number @param {readonly string[]} args @returns {Promise<number>} */
async function runCase(number, args) {
  const { name = '', file = '' } = CASES[number - 1] ?? {};
  print(`\n${text.heading(number, titleOf(name))}`);
  try {
    // Loaded on demand, so that the menu can explain what to do before the first build.
    const { dataFolder, findComfleet } = await import('./parts/find-comfleet.mjs');
    const { findComfyui } = await import('./parts/find-comfyui.mjs');
    const { run } = await import(`./cases/${file}`);
    const comfleet = await findComfleet();
    const folder = join(dataFolder, 'examples', `${new Date().toISOString().replaceAll(':', '')}-${number}`);
    const example = { comfleet, text, print: print, folder, args, signal: stop.signal };
    const server = name === 'graph' ? await findComfyui(comfleet) : null;
    if (server?.answers === false) return explainMissing(text.noComfyui(server.url.origin));
    if (server === null && comfleet === null) return explainMissing(text.noServer);
    await run(example, server?.url);
    return EXIT.ok;
  } catch (error) {
    return explainFailure(error);
  }
}

/** @param {string} line */
function explainMissing(line) {
  console.error(line);
  return EXIT.noServer;
}

/** @param {unknown} error */
function explainFailure(error) {
  if (stop.signal.aborted) return EXIT.interrupted;
  const isUnbuilt = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
  if (isUnbuilt) return explainMissing(text.notBuilt);
  console.error(text.failed(error instanceof Error ? error.message : String(error)));
  return EXIT.failed;
}
