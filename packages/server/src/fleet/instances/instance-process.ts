import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pickChildEnvironment } from '../../platform/process/child-environment.ts';
import type { PortProbe } from '../../platform/process/free-port.ts';
import { isAlive, type ProcessInfo, type ProcessTable } from '../../platform/process/process-table.ts';
import { adoptProcess, type RunningProcess, superviseChild } from '../../platform/process/running-process.ts';
import type { Spawner } from '../../platform/process/spawner.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { Clock } from '../../platform/time/clock.ts';
import { buildInstanceArguments } from './instance-arguments.ts';
import type { CompiledInstancesOptions } from './instance-options.ts';
import type { InstanceRecord, InstanceRecords } from './instance-records.ts';
import type { CheckedInstanceSpec } from './instance-spec.ts';
import { leasePortAgain } from './lease-port.ts';

export interface ProcessDeps {
  clock: Clock;
  logger: Logger;
  spawner: Spawner;
  table: ProcessTable;
  isPortFree: PortProbe;
  records: InstanceRecords;
}

/** In the environment of the process and all it starts; the sweep after its end goes by it. */
const MARK = 'COMFLEET_INSTANCE';
/** A process in the kernel's hands (disk, GPU driver) may outlive its SIGKILL; after a second the start goes on. */
const GONE_TURNS = 50;
const GONE_TURN_MS = 20;
/** ComfyUI-Manager writes `<prefix>.reboot` and exits 0 where this is set (protocol 11.4). */
const REBOOT_PREFIX = '__COMFY_CLI_SESSION__';

/** Starts, finds again and cleans up after the process of one instance. */
export class InstanceProcess {
  readonly #spec: CheckedInstanceSpec;
  readonly #options: CompiledInstancesOptions;
  readonly #deps: ProcessDeps;
  readonly logPath: string;

  constructor(spec: CheckedInstanceSpec, options: CompiledInstancesOptions, deps: ProcessDeps) {
    this.#spec = spec;
    this.#options = options;
    this.#deps = deps;
    this.logPath = join(options.logDir, `comfyui-${spec.name.replace(/[^\w.-]+/g, '_')}.log`);
  }

  /** Leases the port, clears what an earlier process left, and spawns. Throws INSTANCE_CONFIG or the system's error. */
  async spawn(record: InstanceRecord): Promise<{ running: RunningProcess; port: number }> {
    const { spawner, table, records, isPortFree, logger } = this.#deps;
    const { interpreter, folder, listen } = this.#spec;
    await this.sweep(record);
    await mkdir(record.marker, { recursive: true });
    await mkdir(this.#options.logDir, { recursive: true });
    await rm(this.#rebootFile(record), { force: true });
    const range = this.#options.portRange;
    const port = await leasePortAgain(record, { records, isFree: isPortFree, host: listen, range });
    const args = this.#buildArguments(record, port);
    logger.info('instance.spawn', { instanceId: record.id, command: interpreter, args, cwd: folder });
    const child = await spawner.spawn({
      command: interpreter,
      args,
      cwd: folder,
      env: this.#buildEnvironment(record),
      logPath: this.logPath,
    });
    return { running: await superviseChild(child, table), port };
  }

  /**
   * The process of an earlier run of ours, when it lives, is proved ours (pid, start time, boot, mark in argv) and runs
   * with the arguments we would give it now; anything else that carries the mark is ended by `sweep` before a start.
   */
  async findAgain(record: InstanceRecord, signal: AbortSignal): Promise<RunningProcess | null> {
    const { table, clock } = this.#deps;
    const found = await this.#inspectOwn(record);
    if (found === null) return null;
    const expected = this.#buildArguments(record, record.port);
    if (!endsWith(found.argv, expected)) return null;
    return adoptProcess(found, { table, clock, signal });
  }

  /** Kills what the instance left: processes that carry its mark, proved one by one; waits until they are gone. */
  async sweep(record: InstanceRecord): Promise<void> {
    const { table, logger } = this.#deps;
    for (const info of await table.findMarked(MARK, record.id)) {
      if ((await isAlive(table, info)) && table.signal(info.pid, 'SIGKILL')) {
        logger.warn('instance.swept', { instanceId: record.id, pid: info.pid, program: info.argv[0] });
        await this.#awaitGone(info);
      }
    }
  }

  async #awaitGone(info: ProcessInfo): Promise<void> {
    const { table, clock } = this.#deps;
    for (let turn = 0; turn < GONE_TURNS && (await isAlive(table, info)); turn += 1)
      await clock.sleep(GONE_TURN_MS);
  }

  /** True when ComfyUI-Manager asked for a new start by ending; the note is removed. */
  async takeRebootNote(record: InstanceRecord): Promise<boolean> {
    const file = this.#rebootFile(record);
    if (!(await exists(file))) return false;
    await rm(file, { force: true });
    return true;
  }

  async #inspectOwn(record: InstanceRecord): Promise<ProcessInfo | null> {
    const { table } = this.#deps;
    const info = record.pid === null ? null : await table.inspect(record.pid);
    const same = info?.startTicks === record.startTicks && info?.bootId === record.bootId;
    if (info && same && info.argv.includes(record.marker)) return info;
    // We may have ended between the spawn and the write of its pid.
    const marked = await table.findMarked(MARK, record.id);
    return marked.find((one) => one.pid === one.group && one.argv.includes(record.marker)) ?? null;
  }

  #buildArguments(record: InstanceRecord, port: number): string[] {
    const { entry, listen, baseDirectory, extraArgs } = this.#spec;
    return buildInstanceArguments({
      entry,
      listen,
      port,
      markerDirectory: record.marker,
      baseDirectory,
      extraArgs,
    });
  }

  #buildEnvironment(record: InstanceRecord): Record<string, string> {
    return {
      ...pickChildEnvironment(this.#options.environment),
      PYTHONUNBUFFERED: '1',
      ...this.#spec.environment,
      [MARK]: record.id,
      [REBOOT_PREFIX]: this.#rebootPrefix(record),
    };
  }

  #rebootPrefix(record: InstanceRecord): string {
    return join(record.marker, 'session');
  }

  #rebootFile(record: InstanceRecord): string {
    return `${this.#rebootPrefix(record)}.reboot`;
  }
}

function endsWith(argv: readonly string[], expected: readonly string[]): boolean {
  const tail = argv.slice(argv.length - expected.length);
  return tail.length === expected.length && tail.every((item, index) => item === expected[index]);
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false; // the ordinary case
  }
}
