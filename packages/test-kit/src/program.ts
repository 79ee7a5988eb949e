import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** How a program ended: its exit code, or the signal that killed it. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface ProgramOptions {
  cwd?: string;
  /** Its whole environment; default: ours. */
  env?: NodeJS.ProcessEnv;
  /** In its own process group, as from a shell: signals go to the whole group. */
  ownGroup?: boolean;
}

/** A program started for a test: its output is recorded, its exit is always observed. */
export class Program {
  readonly pid: number;
  /** Resolves when the process has exited, in whatever way, and its output is read; rejects if it could not be started. */
  readonly exited: Promise<Exit>;
  /** Its output in order of arrival: `output` and `errors` together. */
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

  /** Runs a file with the same Node as the tests. */
  static node(args: readonly string[], options: ProgramOptions = {}): Program {
    return new Program(process.execPath, args, options);
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Its last lines of output, for failure messages. */
  get tail(): string {
    return this.lines.slice(-20).join('\n');
  }

  /** Returns the first group of the first matching line, past or future. Throws if the process exits without one. */
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

  /** Sends the signal and waits for the exit; kills the process after the deadline. */
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
    // It has already exited; its `close` event is still to come.
    if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'ESRCH')) throw thrown;
  }
}
