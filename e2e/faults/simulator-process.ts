import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { FaultSpec, LedgerLine } from '@comfleet/simulator';
import { findFreePort, Program } from '@comfleet/test-kit';
import { FileLedger } from './file-ledger.ts';

/** The folder of the simulator's program; a process started there looks like a ComfyUI. */
export const SIMULATOR_FOLDER = dirname(createRequire(import.meta.url).resolve('@comfleet/simulator'));

export interface SimulatorPlan {
  /** Default: a free one. */
  port?: number;
  /** Further arguments, as for ComfyUI's main.py. */
  args?: readonly string[];
}

/** A simulated ComfyUI as a process: it can be killed, stopped, blocked, and started again on its port. */
export class SimulatorProcess {
  readonly name: string;
  readonly url: string;
  readonly ledger: FileLedger;
  readonly #folder: string;
  readonly #program: Program;
  readonly #control: string;
  readonly #args: readonly string[];

  private constructor(
    parts: { name: string; folder: string; url: string; control: string; args: readonly string[] },
    program: Program,
  ) {
    this.name = parts.name;
    this.url = parts.url;
    this.#folder = parts.folder;
    this.#control = parts.control;
    this.#args = parts.args;
    this.#program = program;
    this.ledger = new FileLedger(join(parts.folder, parts.name, 'ledger.jsonl'));
  }

  static async start(folder: string, name: string, plan: SimulatorPlan = {}): Promise<SimulatorProcess> {
    const home = join(folder, name);
    await mkdir(join(home, 'custom_nodes'), { recursive: true });
    const args = plan.args ?? [];
    // Chosen here, so that the command line stays the same after a restart.
    const port = plan.port ?? (await findFreePort());
    const program = Program.node([
      join(SIMULATOR_FOLDER, 'main.js'),
      ...['--listen', '127.0.0.1', '--port', String(port), '--control-port', '0'],
      ...['--base-directory', home, '--ledger', join(home, 'ledger.jsonl'), ...args],
    ]);
    const control = await program.waitForLine(/Control: (\S+)/);
    const url = await program.waitForLine(/To see the GUI go to: (\S+)/);
    return new SimulatorProcess({ name, folder, url, control, args }, program);
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  async setFault(spec: FaultSpec): Promise<void> {
    const answer = await fetch(`${this.#control}/faults`, { method: 'POST', body: JSON.stringify(spec) });
    if (answer.status !== 201) throw new Error(await answer.text());
  }

  async clearFaults(): Promise<void> {
    await fetch(`${this.#control}/faults`, { method: 'DELETE' });
  }

  signal(signal: NodeJS.Signals): void {
    this.#program.signal(signal);
  }

  /** Kills it at once, together with its running prompt. */
  async kill(): Promise<void> {
    await this.#program.stop('SIGKILL');
  }

  /** Starts a new process, without any state, on the same port and ledger. */
  again(args: readonly string[] = this.#args): Promise<SimulatorProcess> {
    return SimulatorProcess.start(this.#folder, this.name, { port: this.port, args });
  }

  /** Reads a file that it wrote. */
  read({ folder, path }: LedgerLine): Promise<Buffer> {
    return readFile(join(this.#folder, this.name, String(folder), String(path)));
  }
}
