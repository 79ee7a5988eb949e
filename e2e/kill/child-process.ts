import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A Node program started for a test: its output is kept, its end is always observed. */
export class NodeProgram {
  readonly pid: number;
  /** Resolves when the process has ended, however it did. */
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #waiters = new Set<(line: string) => void>();
  #hasEnded = false;

  constructor(args: readonly string[], environment: Record<string, string | undefined> = {}) {
    this.#child = spawn(process.execPath, args, {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.pid = this.#child.pid ?? -1;
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', (line) => this.#take(line));
    }
    this.exited = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code, signal) => {
        this.#hasEnded = true;
        resolve({ code, signal });
      });
    });
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** The last lines it printed, for a failure's message. */
  get tail(): string {
    return this.#lines.slice(-20).join('\n');
  }

  /** The first group of the first line that fits. Throws when the process ends before it printed one. */
  async waitForLine(pattern: RegExp): Promise<string> {
    const find = (line: string) => pattern.exec(line)?.[1];
    const past = this.#lines.map(find).find((found) => found !== undefined);
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
    this.#child.kill(signal);
  }

  /** Asks it to end and waits; what does not end in time is killed. */
  async stop(signal: NodeJS.Signals, deadlineMs = 15_000): Promise<Exit> {
    if (!this.#hasEnded) this.#child.kill(signal);
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), deadlineMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(timer);
    }
  }

  #take(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > 500) this.#lines.shift();
    for (const waiter of [...this.#waiters]) waiter(line);
  }
}
