import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SubmitOptions, TaskDetail, TaskId } from '@comfleet/contract';
import type { FaultSpec, LedgerLine, TcpProxy } from '@comfleet/simulator';
import { openTcpProxy } from '@comfleet/simulator';
import { FlowRig, type pictureGraph } from '../../packages/server/test/kit/flow-rig.ts';
import { FileLedger } from './file-ledger.ts';
import { SIMULATOR_FOLDER, SimulatorProcess } from './simulator-process.ts';

type Graph = ReturnType<typeof pictureGraph>;

export interface StagePlan {
  /** One simulator process each, with extra arguments. `behindProxy`: its network can be cut. */
  workers: readonly { args?: readonly string[]; behindProxy?: boolean }[];
  /** Additional blocks of the configuration; without: the defaults. */
  config?: Record<string, unknown>;
}

/** A worker of the stage: the process, its network, and its name in the fleet (`w1`, `w2` …). */
export interface StagedWorker {
  name: string;
  process: SimulatorProcess;
  proxy: TcpProxy | null;
}

/** An instance: a simulator that the server started and supervises. */
export interface StagedInstance {
  id: string;
  pid: () => number | null;
  restarts: () => number;
  ledger: FileLedger;
  setFault(spec: FaultSpec): Promise<void>;
}

/** The built server with default settings, and its workers as real processes. Results are checked against the workers' ledgers. */
export class WorkerStage {
  readonly rig: FlowRig;
  readonly workers: StagedWorker[] = [];

  private constructor(rig: FlowRig) {
    this.rig = rig;
  }

  /** Opens a stage, runs a row on it, and always closes it. */
  static async run(plan: StagePlan, row: (stage: WorkerStage) => Promise<void>): Promise<void> {
    const first = 20_000 + randomInt(9_000);
    const instances = { port_range: `${first}-${first + 50}` };
    const rig = await FlowRig.open({ simulators: [], config: { instances, ...plan.config } });
    const stage = new WorkerStage(rig);
    try {
      await Promise.all(plan.workers.map((worker, index) => stage.#add(`w${index + 1}`, worker)));
      await rig.whenOnline();
      await row(stage);
    } finally {
      await stage.#close();
    }
  }

  worker(name: string): StagedWorker {
    const found = this.workers.find((worker) => worker.name === name);
    if (!found) throw new Error(`no worker ${name}`);
    return found;
  }

  /** Starts a simulator as an instance; resolves when it is online. */
  async startInstance(): Promise<StagedInstance> {
    const { instances } = this.rig.app;
    const file = join(this.rig.folder, 'own.jsonl');
    const { id, logPath } = await instances.start({
      name: 'own',
      folder: SIMULATOR_FOLDER,
      interpreter: process.execPath,
      entry: 'main.js',
      extraArgs: ['--control-port', '0', '--ledger', file],
    });
    await instances.whenReady(id);
    await this.rig.whenOnline();
    const find = () => instances.list().find((one) => one.id === id);
    return {
      id,
      pid: () => find()?.pid ?? null,
      restarts: () => find()?.restarts ?? 0,
      ledger: new FileLedger(file),
      setFault: async (spec) => {
        const control = [...readFileSync(logPath, 'utf8').matchAll(/Control: (\S+)/g)].at(-1)?.[1];
        await fetch(`${control}/faults`, { method: 'POST', body: JSON.stringify(spec) });
      },
    };
  }

  /** Sets or clears a worker's maintenance. */
  async setMaintenance(name: string, on: boolean): Promise<void> {
    const worker = this.rig.app.fleet.findByName(name);
    if (worker) await this.rig.app.fleet.override(worker.id, { maintenance: on });
  }

  async submitWorkflow(taskType: string, parameters: Record<string, unknown>): Promise<TaskId> {
    const { calls, actor } = this.rig;
    const body = { kind: 'workflow', taskType, parameters, strict: true } as const;
    const { submitted } = await calls.tasks.submit({ actor, door: 'native', body, options: {} });
    return submitted.task_id as TaskId;
  }

  /** Submits a task while only one worker is in service; the others return once it runs there. */
  async startOn(name: string, graph: Graph, options: SubmitOptions = {}): Promise<TaskId> {
    const others = this.rig.app.fleet.list().filter((worker) => worker.name !== name);
    for (const other of others) await this.setMaintenance(other.name, true);
    const id = await this.rig.submit(graph, options);
    await this.rig.happened(id, 'attempt.started');
    for (const other of others) await this.setMaintenance(other.name, false);
    return id;
  }

  /** Resolves when the fleet reports this state for a worker. */
  whenState(name: string, state: string): Promise<void> {
    const { fleet } = this.rig.app;
    return new Promise((resolve) => {
      const look = () => {
        if (fleet.list().find((worker) => worker.name === name)?.state !== state) return;
        stop();
        resolve();
      };
      const stop = fleet.onChange(look);
      look();
    });
  }

  /** Names of the workers that started to run the task, one entry per start. */
  executions(id: string): string[] {
    // They were opened concurrently, in no particular order.
    const byName = [...this.workers].sort((a, b) => a.name.localeCompare(b.name));
    return byName.flatMap(({ name, process }) => process.ledger.list('execution_start', id).map(() => name));
  }

  /** The record of an ended task, and whether its result is what its worker wrote. */
  async result(id: TaskId): Promise<{ task: TaskDetail; isOwn: boolean }> {
    const task = await this.rig.ended(id);
    const worker = this.workers.find(({ name }) => name === task.worker_name);
    const written = worker?.process.ledger
      .list('file_written', id)
      .findLast((line) => line.folder === 'output');
    if (!worker || !written || task.results.length !== 1) return { task, isOwn: false };
    const [bytes, original] = await Promise.all([this.rig.bytes(id), worker.process.read(written)]);
    return { task, isOwn: bytes.equals(original) };
  }

  /** One number of /metrics. */
  async metric(name: string): Promise<number> {
    const { address, local } = this.rig.app;
    const answer = await fetch(`${address}/metrics`, { headers: { authorization: `Bearer ${local.token}` } });
    const line = (await answer.text()).split('\n').find((one) => one.startsWith(`${name} `));
    return Number(line?.split(' ').at(-1));
  }

  async #add(name: string, plan: StagePlan['workers'][number]): Promise<void> {
    const process = await SimulatorProcess.start(this.rig.folder, name, plan.args ? { args: plan.args } : {});
    const proxy = plan.behindProxy ? await openTcpProxy({ host: '127.0.0.1', port: process.port }) : null;
    this.workers.push({ name, process, proxy });
    await this.rig.app.fleet.add({ name, url: proxy?.url ?? process.url, source: 'config' });
  }

  async #close(): Promise<void> {
    await this.rig.stop();
    for (const { process, proxy } of this.workers) {
      await proxy?.close();
      await process.kill();
    }
    await this.rig.close();
  }
}

/** Now, on the clock of every ledger. */
export function nowNs(): bigint {
  return process.hrtime.bigint();
}

export function msBetween(fromNs: bigint, line: LedgerLine): number {
  return Number(BigInt(line.monotonic_ns) - fromNs) / 1e6;
}

/** Prompts sent to a worker and ended on it, in order, from the first one sent: earlier ones may end before it. */
export function listTurns(lines: readonly { event: string }[]): string[] {
  const events = lines.map(({ event }) => event);
  const turns = events.filter((event) => event === 'prompt_accepted' || event === 'execution_end');
  return turns.slice(turns.indexOf('prompt_accepted'));
}
