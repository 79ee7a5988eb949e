import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** How a program ended: its exit code, or the signal that killed it. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface ProgramOptions {
  cwd?: string;
  /** Its whole environment; ours without. */
  env?: NodeJS.ProcessEnv;
  /** In a process group of its own, as from a shell: signals go to the whole group. */
  ownGroup?: boolean;
}

/** A program started for a test: its output is kept, its end is always observed. */
export class Program {
  readonly pid: number;
  /** Resolves when the process has ended and its output is read, however it ended; rejects when it could not be started. */
  readonly exited: Promise<Exit>;
  /** What it printed, in the order of arrival: `output` and `errors` together. */
  readonly lines: string[] = [];
  readonly output: string[] = [];
  readonly errors: string[] = [];
  readonly #child: ChildProcess;
  readonly #ownGroup: boolean;
  readonly #waiters = new Set<(line: string) => void>();
  #hasEnded = false;

  constructor(command: string, args: readonly string[], options: ProgramOptions = {}) {
    const { cwd, env = process.env, ownGroup = false } = options;
    this.#ownGroup = ownGroup;
    this.#child = spawn(command, args, {
      ...(cwd === undefined ? {} : { cwd }),
      env,
      detached: ownGroup,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.pid = this.#child.pid ?? -1;
    this.#read(this.#child.stdout, this.output);
    this.#read(this.#child.stderr, this.errors);
    this.exited = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code, signal) => {
        this.#hasEnded = true;
        resolve({ code, signal });
      });
    });
  }

  /** Runs a file with the Node that runs the tests. */
  static node(args: readonly string[], options: ProgramOptions = {}): Program {
    return new Program(process.execPath, args, options);
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** The last lines it printed, for a failure's message. */
  get tail(): string {
    return this.lines.slice(-20).join('\n');
  }

  /** The first group of the first line that fits, past or future. Throws when the process ends before it printed one. */
  async waitForLine(pattern: RegExp): Promise<string> {
    const find = (line: string) => {
      const match = pattern.exec(line);
      return match === null ? undefined : (match[1] ?? line);
    };
    const past = this.lines.map(find).find((found) => found !== undefined);
    if (past !== undefined) return past;
    const printed = new Promise<string>((resolve) => {
      const waiter = (line: string) => {
        const found = find(line);
        if (found === undefined) return;
        this.#waiters.delete(waiter);
        resolve(found);
      };
      this.#waiters.add(waiter);
    });
    const ended = this.exited.then(({ code, signal }) => {
      throw new Error(`it ended (${code ?? signal}) before it printed ${String(pattern)}:\n${this.tail}`);
    });
    return Promise.race([printed, ended]);
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#hasEnded) return;
    if (this.#ownGroup) signalGroup(this.pid, signal);
    else this.#child.kill(signal);
  }

  /** Asks it to end and waits; what does not end in time is killed. */
  async stop(signal: NodeJS.Signals, deadlineMs = 15_000): Promise<Exit> {
    this.signal(signal);
    const timer = setTimeout(() => this.signal('SIGKILL'), deadlineMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(timer);
    }
  }

  #read(stream: NodeJS.ReadableStream | null, own: string[]): void {
    if (!stream) return;
    createInterface({ input: stream }).on('line', (line) => {
      this.lines.push(line);
      own.push(line);
      for (const waiter of [...this.#waiters]) waiter(line);
    });
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (thrown) {
    // Gone already; its `close` has not been told yet.
    if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'ESRCH')) throw thrown;
  }
}
