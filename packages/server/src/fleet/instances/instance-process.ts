import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../platform/logging/logger.ts';
import { pickChildEnvironment } from '../../platform/process/child-environment.ts';
import { endsWithArguments } from '../../platform/process/command-line.ts';
import type { PortProbe } from '../../platform/process/free-port.ts';
import type { ProcessTable } from '../../platform/process/process-table.ts';
import { adoptProcess, type RunningProcess, superviseChild } from '../../platform/process/running-process.ts';
import type { Spawner } from '../../platform/process/spawner.ts';
import type { Clock } from '../../platform/time/clock.ts';
import { buildInstanceArguments } from './instance-arguments.ts';
import type { CompiledInstancesOptions } from './instance-options.ts';
import type { InstanceRecord, InstanceRecords } from './instance-records.ts';
import type { CheckedInstanceSpec } from './instance-spec.ts';
import { leasePortAgain } from './lease-port.ts';
import { findOwnProcess, MARK, sweepMarked } from './own-process.ts';

export interface ProcessDeps {
  clock: Clock;
  logger: Logger;
  spawner: Spawner;
  table: ProcessTable;
  isPortFree: PortProbe;
  records: InstanceRecords;
}

/** If this is set, ComfyUI-Manager writes `<prefix>.reboot` and exits 0 to be restarted (protocol 11.4). */
const REBOOT_PREFIX = '__COMFY_CLI_SESSION__';

/** Spawns, finds and cleans up the process of one instance. */
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

  /** Leases the port, cleans up after an earlier process, and spawns. Throws INSTANCE_CONFIG or the system's error. */
  async spawn(record: InstanceRecord): Promise<{ running: RunningProcess; port: number }> {
    const { spawner, table, records, isPortFree, logger } = this.#deps;
    const { interpreter, folder, listen } = this.#spec;
    await sweepMarked(record, this.#deps);
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
   * Finds the process of an earlier run if it is alive, is ours (pid, start, boot, mark in its arguments), and has the arguments
   * we would use now. Any other process with the mark is ended before a start.
   */
  async findAgain(record: InstanceRecord, signal: AbortSignal): Promise<RunningProcess | null> {
    const { table, clock } = this.#deps;
    const found = await findOwnProcess(record, table);
    if (found === null) return null;
    const expected = this.#buildArguments(record, record.port);
    if (!endsWithArguments(found.commandLine, expected)) return null;
    return adoptProcess(found, { table, clock, signal });
  }

  /** True when ComfyUI-Manager ended the process to have it restarted; removes its marker file. */
  async takeRebootMarker(record: InstanceRecord): Promise<boolean> {
    const file = this.#rebootFile(record);
    if (!(await exists(file))) return false;
    await rm(file, { force: true });
    return true;
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

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false; // the usual case
  }
}
