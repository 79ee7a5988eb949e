// npm start: installs and builds if needed, then runs `comfleet up` in this terminal with the arguments after `--`.
import './require-node.mjs';
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { buildWorkspace } from './build-workspace.mjs';
import { createSignalPassing } from './pass-signals.mjs';
import { chooseStartTexts } from './start-texts.mjs';
import { installPackages, isInstalled, root } from './workspace.mjs';

const texts = chooseStartTexts(process.argv.slice(2), process.env);

/** @param {string} line */
function print(line) {
  process.stderr.write(`${line}\n`);
}

async function prepare() {
  if (!isInstalled()) {
    print(texts.installing);
    const install = await installPackages();
    if (install.code !== 0) {
      print(install.output);
      print(texts.notInstalled);
      return undefined;
    }
  }
  const installedAtMs = Date.now();
  const build = await buildWorkspace({ onStart: (part) => print(texts.building(part)) });
  if (!build.ok) {
    print(build.output);
    print(texts.notBuilt);
    return undefined;
  }
  return installedAtMs;
}

/**
 * Runs the server in this terminal but in its own process group, and passes signals on.
 * @param {number} installedAtMs
 */
function runServer(installedAtMs) {
  const entry = join(root, 'packages/cli/dist/main.js');
  const { isOwnGroup, passOn } = createSignalPassing({
    system: process.platform,
    nowMs: () => performance.now(),
    send: (signal) => child.kill(signal),
  });
  const child = spawn(process.execPath, [entry, 'up', ...process.argv.slice(2)], {
    stdio: 'inherit',
    detached: isOwnGroup,
    env: { ...process.env, COMFLEET_START_INSTALLED_AT_MS: String(installedAtMs) },
  });
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGBREAK']))
    process.on(signal, passOn);
  child.once('error', (error) => {
    print(texts.notStarted(error.message));
    process.exit(1);
  });
  child.once('exit', (code, signal) => {
    process.exit(code ?? 128 + (signal ? constants.signals[signal] : 1));
  });
}

const installedAtMs = await prepare();
if (installedAtMs === undefined) process.exitCode = 1;
else runServer(installedAtMs);
