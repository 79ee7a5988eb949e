import { isDeepStrictEqual } from 'node:util';
import type { WorkerId } from '@comfleet/contract';
import { Comfleet } from '@comfleet/sdk';
import { openSimulator, openTcpProxy, type Simulator } from '@comfleet/simulator';
import { FlowRig, samplerGraph } from '../../packages/server/test/kit/flow-rig.ts';
import type { FaultCase } from './fault-table.ts';
import { openHalfOpenProxy } from './half-open-proxy.ts';

interface Stage {
  simulator: Simulator;
  workerId: WorkerId;
  /** Breaks the network of this worker. */
  breakNetwork: (how: 'reset' | 'half_open') => void;
  close: () => Promise<void>;
}

/** What the worker's ledger and the client recorded for one task. */
export interface Observed {
  status: string;
  executions: number;
  terminalEvents: number;
  areBytesEqual: boolean;
  /** From the worker's `execution_end` to the last byte that the client read over HTTP. Negative: reported too early. */
  readableAfterMs: number;
}

/**
 * One server with one worker per case, all in maintenance except that of the current case, so that a broken socket of one
 * case does not affect the next.
 */
export class FaultBench {
  readonly #rig: FlowRig;
  readonly #client: Comfleet;
  readonly #stages: Map<FaultCase, Stage>;

  private constructor(rig: FlowRig, stages: Map<FaultCase, Stage>) {
    this.#rig = rig;
    this.#stages = stages;
    this.#client = new Comfleet({ url: rig.app.address, token: rig.app.local.token });
  }

  static async open(cases: readonly FaultCase[]): Promise<FaultBench> {
    const rig = await FlowRig.open({ simulators: [] });
    const stages = new Map<FaultCase, Stage>();
    for (const one of cases) stages.set(one, await openStage(rig, one));
    await rig.whenOnline();
    for (const { workerId } of stages.values()) await rig.app.fleet.override(workerId, { maintenance: true });
    return new FaultBench(rig, stages);
  }

  /** Submits a task over HTTP, causes the fault of the case, and reads the result over HTTP. */
  async run(one: FaultCase): Promise<Observed> {
    const stage = this.#stages.get(one);
    if (!stage) throw new Error(`no worker for ${one.title}`);
    const { simulator } = stage;
    const { breakage, moment } = one;
    await this.#rig.app.fleet.override(stage.workerId, { maintenance: false });
    if (breakage.kind === 'network') {
      simulator.control.set({ name: 'ws_unknown_type', type: 'marker', moment });
      void simulator.ledger
        .waitFor((line) => line.event === 'fault')
        .then(() => stage.breakNetwork(breakage.how));
    } else for (const fault of breakage.faults) simulator.control.set(fault);

    const { task_id } = await this.#client.tasks.submit({ graph: samplerGraph(4) });
    for await (const frame of this.#client.tasks.watch(task_id)) void frame;
    const { bytes, atMs } = await this.#readResult(task_id);

    const end = await simulator.ledger.waitFor(
      (line) => line.event === 'execution_end' && line.task === task_id,
    );
    const task = await this.#client.tasks.load(task_id);
    const events = await this.#client.tasks.events(task_id);
    await this.#rig.app.fleet.override(stage.workerId, { maintenance: true });
    await waitUntilActed(simulator, one);
    const lines = simulator.ledger.lines();
    const written = lines.findLast((line) => line.event === 'file_written' && line.task === task_id);
    return {
      status: task.status,
      executions: lines.filter((line) => line.event === 'execution_start' && line.task === task_id).length,
      terminalEvents: events.filter((event) => /^task\.(succeeded|failed|canceled|expired)$/.test(event.type))
        .length,
      areBytesEqual: isDeepStrictEqual(
        bytes,
        simulator.files.read('output', String(written?.path ?? ''))?.bytes,
      ),
      readableAfterMs: atMs - Number(BigInt(end.monotonic_ns) / 1000n) / 1000,
    };
  }

  /** Empty if the task has no result; the time is on the clock of the worker's ledger. */
  async #readResult(taskId: string): Promise<{ bytes: Buffer; atMs: number }> {
    const task = await this.#client.tasks.load(taskId);
    const bytes =
      task.results.length > 0
        ? Buffer.from(await (await this.#client.tasks.download(taskId, { index: 0 })).bytes())
        : Buffer.alloc(0);
    return { bytes, atMs: Number(process.hrtime.bigint() / 1000n) / 1000 };
  }

  async close(): Promise<void> {
    await this.#rig.close();
    for (const stage of this.#stages.values()) await stage.close();
  }
}

/** Waits until the worker's ledger has every fault of the case: without them the case would prove nothing. */
async function waitUntilActed({ ledger }: Simulator, { breakage }: FaultCase): Promise<void> {
  const names = breakage.kind === 'network' ? ['ws_unknown_type'] : breakage.faults.map(({ name }) => name);
  for (const name of names) await ledger.waitFor((line) => line.event === 'fault' && line.name === name);
}

async function openStage(rig: FlowRig, one: FaultCase): Promise<Stage> {
  const simulator = await openSimulator({
    stepMs: 5,
    previewMethod: 'latent2rgb',
    models: [{ name: 'random-a.safetensors', loadMs: 5, vramMegabytes: 100 }],
  });
  const network = await openNetwork(simulator, one);
  const worker = await rig.app.fleet.add({ name: one.title, url: network.url, source: 'config' });
  return {
    simulator,
    workerId: worker.id,
    breakNetwork: network.break,
    close: async () => {
      await network.close();
      await simulator.close();
    },
  };
}

async function openNetwork(simulator: Simulator, { breakage }: FaultCase) {
  if (breakage.kind === 'worker') return { url: simulator.url, break: () => {}, close: async () => {} };
  if (breakage.how === 'half_open') {
    const proxy = await openHalfOpenProxy(simulator.port);
    return { url: proxy.url, break: () => proxy.swallowSockets(), close: () => proxy.close() };
  }
  const proxy = await openTcpProxy({ host: '127.0.0.1', port: simulator.port });
  return { url: proxy.url, break: () => proxy.resetAll(), close: () => proxy.close() };
}
