import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type Exit, Program } from '@comfleet/test-kit';
import { stringify } from 'yaml';
import type { DatabaseConfig } from '../services/databases.ts';
import { type PlannedKill, STOP } from './plan.ts';

/** How to reach a running server, from its credential file. */
export interface Address {
  url: string;
  token: string;
}

interface Life {
  address: Address;
  ended: Promise<void>;
}

/** The server as a process that is killed and restarted on the same data. Clients wait here until it is up. */
export class ServerProcess {
  readonly #dataDir: string;
  readonly #config: string;
  #program: Program | null = null;
  readonly #printed: string[] = [];
  #life: Promise<Life>;
  #announce: (life: Life) => void = () => {};

  #workers: readonly string[] = [];

  readonly #environment: Record<string, string>;

  /** `environment` is added to, or replaces, that of this process. */
  constructor(folder: string, environment: Record<string, string> = {}) {
    this.#environment = environment;
    this.#dataDir = join(folder, 'data');
    this.#config = join(folder, 'config.yaml');
    this.#life = this.#expectLife();
  }

  get pid(): number {
    return this.#require().pid;
  }

  /** What all its lives printed on the terminal. */
  get printed(): readonly string[] {
    return [...this.#printed, ...(this.#program?.lines ?? [])];
  }

  get dataDir(): string {
    return this.#dataDir;
  }

  /** Configures its database and its workers, in its file or on its command line; `blocks` add or replace configuration. */
  async configure(
    database: DatabaseConfig,
    workerUrls: readonly string[],
    where: 'file' | 'command line',
    blocks: object = {},
  ): Promise<void> {
    if (where === 'command line') this.#workers = workerUrls;
    const inFile = where === 'file' ? workerUrls : [];
    const config = {
      server: { port: 0 },
      database,
      workers: inFile.map((url, index) => ({ name: `w${index + 1}`, url, max_concurrent: 8 })),
      limits: { streams_per_client: 500 },
      ...blocks,
    };
    await writeFile(this.#config, stringify(config));
  }

  /** Starts it, to halt at the failpoint of `kill` if one is given. False if it halted before it listened. */
  async start(kill: PlannedKill | null): Promise<boolean> {
    const failpoint =
      kill && kill.place !== STOP
        ? `${kill.when === 'busy' ? 'signal@' : ''}${kill.place}:${kill.count}:${kill.delayMs}`
        : undefined;
    const entry = join(import.meta.dirname, 'serve.mjs');
    const program = Program.node([entry, this.#dataDir, this.#config, ...this.#workers], {
      env: { ...process.env, ...this.#environment, COMFLEET_FAILPOINT: failpoint },
    });
    this.#printed.push(...(this.#program?.lines ?? []));
    this.#program = program;
    const listening = program.waitForLine(/(http:\/\/127\.0\.0\.1:\d+)/).then(() => true);
    const halted = this.waitForHalt(1).then(() => false);
    if (!(await Promise.race([halted, listening]))) return false;
    const credential = JSON.parse(await readFile(join(this.#dataDir, 'credential.json'), 'utf8')) as Address;
    const ended = program.exited.then(() => {
      this.#life = this.#expectLife();
    });
    this.#announce({ address: credential, ended });
    return true;
  }

  /** Resolves when this life halts at its failpoint for the nth time. Throws if it ends before that. */
  async waitForHalt(nth: number): Promise<void> {
    const program = this.#require();
    const ended = program.exited.then(async ({ code, signal }) => {
      throw new Error(`the server ended with ${code ?? signal}:\n${await this.#readTail()}`);
    });
    await Promise.race([program.waitForLine(new RegExp(`^failpoint ${nth} (reached)$`)), ended]);
  }

  /** Resumes it after its nth halt. */
  async resume(nth: number): Promise<void> {
    const program = this.#require();
    const passed = program.waitForLine(new RegExp(`^failpoint ${nth} (passed)$`)).then(() => true);
    // A signal sent between the line and the halt is lost, so it is repeated until the next line shows that it arrived.
    for (let goesOn = false; !goesOn; ) {
      program.signal('SIGCONT');
      goesOn = await Promise.race([passed, setTimeout(50, false)]);
    }
  }

  /** Starts counting the passes for the kill of this life. */
  armKill(): void {
    this.#require().signal('SIGUSR2');
  }

  async stop(): Promise<Exit & { tail: string }> {
    return { ...(await this.#require().stop('SIGTERM')), tail: await this.#readTail() };
  }

  async #readTail(): Promise<string> {
    const log = await readFile(join(this.#dataDir, 'logs', 'system.log'), 'utf8');
    return `${this.#require().tail}\n${log.split('\n').slice(-15).join('\n')}`;
  }

  /** Resolves while a server runs, with its address and a promise of its end. */
  whenUp(): Promise<Life> {
    return this.#life;
  }

  /** Kills it at once, even while it is halted. */
  async kill(): Promise<void> {
    await this.#program?.stop('SIGKILL');
  }

  #expectLife(): Promise<Life> {
    return new Promise((resolve) => {
      this.#announce = resolve;
    });
  }

  #require(): Program {
    if (!this.#program) throw new Error('the server was never started');
    return this.#program;
  }
}
