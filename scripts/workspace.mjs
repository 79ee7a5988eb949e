import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The repository's root folder. */
export const root = resolve(import.meta.dirname, '..');

/** @typedef {{ code: number, output: string }} CommandResult code 128 + n when signal n ended it */

/**
 * Runs a program to its end; `inherit` shows its output as it arrives, otherwise it is returned.
 * @param {string} program
 * @param {string[]} args
 * @param {{ inherit?: boolean, env?: Record<string, string | undefined>, cwd?: string }} [options]
 * @returns {Promise<CommandResult>}
 */
export function runCommand(program, args, options = {}) {
  return new Promise((resolve_) => {
    const child = spawn(program, args, {
      cwd: options.cwd ?? root,
      env: { ...process.env, ...options.env },
      stdio: options.inherit ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32' && !program.endsWith('.exe'),
    });
    let output = '';
    child.stdout?.on('data', (chunk) => {
      output += chunk;
    });
    child.stderr?.on('data', (chunk) => {
      output += chunk;
    });
    child.once('error', (error) => resolve_({ code: 127, output: `${program}: ${error.message}\n` }));
    child.once('close', (code, signal) => resolve_({ code: code ?? (signal ? 130 : 1), output }));
  });
}

/**
 * Runs a JavaScript tool of node_modules with this Node.
 * @param {string} file path below node_modules
 * @param {string[]} args
 * @param {Parameters<typeof runCommand>[2]} [options]
 */
export function runTool(file, args, options) {
  return runCommand(process.execPath, [join(root, 'node_modules', file), ...args], options);
}

/**
 * @param {string} path
 * @returns {Record<string, { version?: string, optional?: boolean, devOptional?: boolean, peer?: boolean }>}
 */
function readPackages(path) {
  return JSON.parse(readFileSync(path, 'utf8')).packages ?? {};
}

/** True if node_modules has exactly the versions of package-lock.json. */
export function isInstalled() {
  const installedPath = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(installedPath)) return false;
  const installed = readPackages(installedPath);
  return Object.entries(readPackages(join(root, 'package-lock.json'))).every(([path, wanted]) => {
    const mayBeAbsent = path === '' || wanted.optional || wanted.devOptional || wanted.peer;
    const present = installed[path];
    if (!present) return Boolean(mayBeAbsent);
    return present.version === wanted.version;
  });
}

/**
 * Installs the packages of package-lock.json without running their scripts. Returns npm's result.
 * @returns {Promise<CommandResult>}
 */
export function installPackages() {
  // Under `npm start` this is the npm in use; otherwise the one on PATH.
  const npm = process.env.npm_execpath;
  const args = ['ci', '--ignore-scripts', '--include=dev', '--no-audit', '--no-fund'];
  if (npm?.endsWith('.js')) return runCommand(process.execPath, [npm, ...args]);
  return runCommand(process.platform === 'win32' ? 'npm.cmd' : 'npm', args);
}
