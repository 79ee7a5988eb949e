import type { HttpTransport } from '@comfleet/comfyui';
import { type FleetReason, toReasonSentence } from '@comfleet/contract/texts/fleet';
import type { Logger } from '../../platform/logging/logger.ts';
import { readLogTail } from '../../platform/process/capped-log.ts';
import { endProcess } from '../../platform/process/end-process.ts';
import type { RunningProcess } from '../../platform/process/running-process.ts';
import { toWorkerUrl } from '../workers/worker-spec.ts';
import { awaitReadyOrEnd } from './await-ready.ts';
import type { CompiledInstancesOptions } from './instance-options.ts';
import { InstanceProcess, type ProcessDeps } from './instance-process.ts';
import type { InstanceRecord } from './instance-records.ts';
import type { CheckedInstanceSpec } from './instance-spec.ts';
import { sweepMarked } from './own-process.ts';

export interface HeldProcessDeps extends ProcessDeps {
  transport: HttpTransport;
}

/** What to run and how. */
export interface InstancePlan {
  record: InstanceRecord;
  spec: CheckedInstanceSpec;
  options: CompiledInstancesOptions;
}

const REASON_LINES = 15;

/** The process of one instance, if there is one, and its row in SQL. */
export class HeldProcess {
  readonly #deps: HeldProcessDeps;
  readonly #options: CompiledInstancesOptions;
  readonly #spec: CheckedInstanceSpec;
  readonly #process: InstanceProcess;
  readonly #logger: Logger;
  #record: InstanceRecord;
  #running: RunningProcess | null = null;
  #graceMs: number;

  constructor({ record, spec, options }: InstancePlan, deps: HeldProcessDeps) {
    this.#record = record;
    this.#spec = spec;
    this.#options = options;
    this.#deps = deps;
    this.#logger = deps.logger;
    this.#graceMs = options.stopGraceMs;
    this.#process = new InstanceProcess(spec, options, deps);
  }

  get record(): InstanceRecord {
    return this.#record;
  }

  get running(): RunningProcess | null {
    return this.#running;
  }

  get logPath(): string {
    return this.#process.logPath;
  }

  /** Adopts the living process of an earlier run; false when there is none. */
  async adopt(signal: AbortSignal): Promise<boolean> {
    const found = await this.#process.findAgain(this.#record, signal);
    if (found === null) return false;
    this.#running = found;
    this.#logger.info('instance.adopted', { pid: found.pid, port: this.#record.port });
    return true;
  }

  /** Returns the held process, or spawns one. Throws INSTANCE_CONFIG or the system's error. */
  async ensure(): Promise<RunningProcess> {
    if (this.#running !== null) return this.#running;
    const { running, port } = await this.#process.spawn(this.#record);
    this.#running = running;
    this.#record = { ...this.#record, port };
    await this.save({
      pid: running.pid,
      start_ticks: running.identity?.startStamp ?? null,
      boot_id: running.identity?.bootId ?? null,
      started_at: this.#deps.records.nowMs(),
      log_path: this.logPath,
      restarts: this.#record.restarts,
    });
    return running;
  }

  awaitReady(running: RunningProcess, signal: AbortSignal): ReturnType<typeof awaitReadyOrEnd> {
    const { transport, clock } = this.#deps;
    const { marker, port } = this.#record;
    const url = toWorkerUrl(this.#spec.listen, port);
    const timeoutMs = this.#options.startupTimeoutMs;
    return awaitReadyOrEnd(running, { transport, clock, url, marker, timeoutMs, signal });
  }

  /** Ends it gracefully, then by force; resolves when it has ended. */
  async end(running: RunningProcess): Promise<void> {
    await this.#end(running, this.#graceMs);
  }

  /** Ends a process that does not answer, with a short grace period. */
  async endHung(running: RunningProcess): Promise<void> {
    await this.#end(running, Math.min(this.#graceMs, this.#options.hungGraceMs));
  }

  /** Shortens grace periods from now on, because we are shutting down. */
  hurry(): void {
    this.#graceMs = this.#options.shutdownGraceMs;
  }

  /** After its end: ends leftover children and stores the cause. `rebooted`: ComfyUI-Manager ended it for a restart. */
  async cleanUp(reason: FleetReason): Promise<{ rebooted: boolean }> {
    this.#running = null;
    await sweepMarked(this.#record, this.#deps);
    const rebooted = await this.#process.takeRebootMarker(this.#record);
    const lastExit = JSON.stringify({ reason: toReasonSentence(reason), rebooted, log: await this.tail() });
    await this.save({ pid: null, start_ticks: null, boot_id: null, last_exit: lastExit });
    return { rebooted };
  }

  /** After its end: true when another program listens on its port, not a child of its own. */
  async hasLostPort(): Promise<boolean> {
    await sweepMarked(this.#record, this.#deps);
    return !(await this.#deps.isPortFree(this.#spec.listen, this.#record.port));
  }

  countRestart(): void {
    this.#record = { ...this.#record, restarts: this.#record.restarts + 1 };
  }

  /** Records its worker in the fleet; it has just answered. */
  async assignWorker(workerId: NonNullable<InstanceRecord['workerId']>): Promise<void> {
    this.#record = { ...this.#record, workerId };
    await this.save({ worker_id: workerId, heartbeat_at: this.#deps.records.nowMs() });
  }

  async beat(): Promise<void> {
    await this.save({ heartbeat_at: this.#deps.records.nowMs() });
  }

  /** Stores values. SQL may lag while the database is unavailable; the mark in the process still identifies it. */
  async save(values: Parameters<ProcessDeps['records']['update']>[1]): Promise<void> {
    try {
      await this.#deps.records.update(this.#record.id, values);
    } catch (thrown) {
      this.#logger.warn('instance.not_saved', { error: thrown });
    }
  }

  /** The last lines of its output. */
  tail(): Promise<string[]> {
    return readLogTail(this.logPath, REASON_LINES);
  }

  async #end(running: RunningProcess, interruptGraceMs: number): Promise<void> {
    const { clock } = this.#deps;
    const { terminateGraceMs } = this.#options;
    const exit = await endProcess(running, { clock, interruptGraceMs, terminateGraceMs });
    this.#logger.info('instance.ended', { pid: running.pid, code: exit.code, signal: exit.signal });
  }
}
