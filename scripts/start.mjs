// npm start: installs and builds when needed, then runs `comfleet up` in this terminal with the arguments after `--`.
import './require-node.mjs';
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { buildWorkspace } from './build-workspace.mjs';
import { installPackages, isInstalled, root } from './workspace.mjs';

const SAME_SIGNAL_MS = 1000;

/** @param {string} line */
function say(line) {
  process.stderr.write(`${line}\n`);
}

async function prepare() {
  if (!isInstalled()) {
    say('Installing packages …');
    const install = await installPackages();
    if (install.code !== 0) {
      say(install.output);
      say('The packages could not be installed; the lines above say why.');
      return undefined;
    }
  }
  const installedAtMs = Date.now();
  const build = await buildWorkspace({ onStart: (part) => say(`Building the ${part} …`) });
  if (!build.ok) {
    say(build.output);
    say('The build failed; the lines above say why.');
    return undefined;
  }
  return installedAtMs;
}

/**
 * Runs the server in this terminal but in a process group of its own, and passes signals on. One Ctrl-C under npm
 * arrives here twice (from the terminal and from npm), and to a server the second signal means "at once": so a signal
 * that repeats within a second counts as one.
 * @param {number} installedAtMs
 */
function runServer(installedAtMs) {
  const entry = join(root, 'packages/cli/dist/main.js');
  const child = spawn(process.execPath, [entry, 'up', ...process.argv.slice(2)], {
    stdio: 'inherit',
    detached: process.platform !== 'win32',
    env: { ...process.env, COMFLEET_START_INSTALLED_AT_MS: String(installedAtMs) },
  });
  let passedAtMs = Number.NEGATIVE_INFINITY;
  const passOn = (/** @type {NodeJS.Signals} */ signal) => {
    const nowMs = performance.now();
    if (nowMs - passedAtMs < SAME_SIGNAL_MS) return;
    passedAtMs = nowMs;
    child.kill(signal);
  };
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, passOn);
  child.once('error', (error) => {
    say(`The server could not be started: ${error.message}`);
    process.exit(1);
  });
  child.once('exit', (code, signal) => {
    process.exit(code ?? 128 + (signal ? constants.signals[signal] : 1));
  });
}

const installedAtMs = await prepare();
if (installedAtMs === undefined) process.exitCode = 1;
else runServer(installedAtMs);
