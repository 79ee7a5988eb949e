#!/usr/bin/env node
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BadCommandLine, type ProgramPlan, parseCommandLine } from './command-line.ts';
import { parseFault } from './faults/control-server.ts';
import { type LogLevel, writeLogLine } from './log-lines.ts';
import type { AddedClass } from './nodes/added-classes.ts';
import type { SimulatorOptions } from './options.ts';
import { isSince, VERSION_TEXTS } from './profile.ts';
import { openSimulator, type Simulator } from './simulator.ts';

/** The simulator as a program: takes the arguments of ComfyUI's main.py, and logs and exits like it. */
function log(line: string): void {
  process.stderr.write(`${line}\n`);
}

function readPlan(): ProgramPlan {
  try {
    return parseCommandLine(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof BadCommandLine)) throw error;
    log(`usage: main.py [-h] …\nmain.py: error: ${error.message}`);
    process.exit(2);
  }
}

/** As with ComfyUI, a new base directory needs custom_nodes; creates the folders that ComfyUI creates itself. */
function prepareFolders(plan: ProgramPlan, args: readonly string[]): void {
  const { baseDirectory } = plan.options;
  if (baseDirectory === undefined) return;
  if (!args.includes('--disable-all-custom-nodes') && !existsSync(join(baseDirectory, 'custom_nodes'))) {
    log(`FileNotFoundError: [Errno 2] No such file or directory: '${join(baseDirectory, 'custom_nodes')}'`);
    process.exit(1);
  }
  for (const name of ['input', 'temp', 'user']) mkdirSync(join(baseDirectory, name), { recursive: true });
}

function readClasses(path: string): Record<string, AddedClass> {
  const classes: Record<string, AddedClass> = {};
  const given: Record<string, { info?: Record<string, unknown>; acts_as?: string }> = JSON.parse(
    readFileSync(path, 'utf8'),
  );
  for (const [name, { info = {}, acts_as: actsAs }] of Object.entries(given))
    classes[name] = { info, ...(actsAs === undefined ? {} : { actsAs }) };
  return classes;
}

async function start(plan: ProgramPlan): Promise<Simulator> {
  log(`Python version: 3.11.7 (simulated)`);
  const simulator = await openSimulator({
    ...plan.options,
    ...(plan.classesPath === undefined ? {} : { classes: readClasses(plan.classesPath) }),
    log,
    onCrash: ({ exitCode, signal }) => {
      if (signal === 'SIGKILL' || signal === 'SIGTERM' || signal === 'SIGSEGV')
        process.kill(process.pid, signal);
      else process.exit(exitCode);
    },
  });
  simulator.files.clear('temp');
  if (plan.faultsPath !== undefined) {
    const faults: unknown = JSON.parse(readFileSync(plan.faultsPath, 'utf8'));
    for (const fault of Array.isArray(faults) ? faults : [faults]) simulator.control.set(parseFault(fault));
  }
  return simulator;
}

/** Up to 0.20 asyncio's message; since 0.21.0 ComfyUI's own. */
function describeStartFailure(error: unknown, { host = '127.0.0.1', port = 0 }: SimulatorOptions): string {
  const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
  return isTaken
    ? `Port ${port} is already in use on address ${host}. Please close the other application or use a different port with --port.`
    : String(error);
}

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  const plan = readPlan();
  const version = plan.options.version ?? '0.3.64';
  const logLine = (text: string, level?: LogLevel) => log(writeLogLine(version, text, level));
  const isNew = isSince(version, '0.33');
  for (const warning of plan.warnings) logLine(isNew ? warning : `warning: ${warning}`, 'WARNING');
  prepareFolders(plan, args);
  if (plan.isQuickTest) process.exit(0);
  logLine(`ComfyUI version: ${VERSION_TEXTS[version]} (simulated)`);
  let simulator: Simulator;
  try {
    simulator = await start(plan);
  } catch (error) {
    logLine(isNew ? describeStartFailure(error, plan.options) : String(error), 'ERROR');
    process.exit(1);
  }
  process.once('SIGINT', () => {
    logLine('\nStopped server');
    simulator.files.clear('temp');
    void simulator.close().then(() => process.exit(0));
  });
  if (simulator.controlUrl !== undefined) logLine(`Control: ${simulator.controlUrl}`);
  if (args.includes('--dont-print-server')) return;
  logLine('Starting server\n');
  logLine(`To see the GUI go to: ${simulator.url}`);
}

await main();
