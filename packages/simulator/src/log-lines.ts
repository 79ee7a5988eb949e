import type { LogEntry } from './http/server-state.ts';
import type { CompiledOptions } from './options.ts';
import type { Clock } from './platform/clock.ts';
import { isSince, type VersionProfile } from './profile.ts';

const MAX_LINES = 300;

/** A level of ComfyUI's log. */
export type LogLevel = 'INFO' | 'WARNING' | 'ERROR';

const COLOURS: Readonly<Record<LogLevel, string>> = {
  INFO: '\u001b[32m',
  WARNING: '\u001b[1m\u001b[33m',
  ERROR: '\u001b[1m\u001b[31m',
};

/** A line as this version prints it: since 0.23.0 with a coloured level first, even without a terminal. */
export function writeLogLine(version: VersionProfile, text: string, level: LogLevel = 'INFO'): string {
  return isSince(version, '0.33') ? `${COLOURS[level]}[${level}]\u001b[0m ${text}` : text;
}

/** Lines that every ComfyUI prints at the start. */
const STARTUP_LINES = ['Device: cpu (simulated)', 'Set vram state to: DISABLED', 'Starting server'];

/** The wall time as Python's `datetime.now().isoformat()` writes it, to the microsecond: unique per process. */
function writeLogTime(clock: Clock): string {
  const micros = String((clock.monotonicNs() / 1000n) % 1000n).padStart(3, '0');
  return `${new Date(clock.now()).toISOString().slice(0, -1)}${micros}`;
}

/** The log that one process keeps in memory: its last 300 lines. */
export class ProcessLog {
  readonly entries: LogEntry[] = [];
  readonly #options: Pick<CompiledOptions, 'clock' | 'version'>;

  constructor(options: Pick<CompiledOptions, 'clock' | 'version'>) {
    this.#options = options;
    this.begin();
  }

  /** Resets the log to the startup lines of a new process. */
  begin(): void {
    this.entries.length = 0;
    for (const text of STARTUP_LINES) this.write(text);
  }

  /** Records a line and returns it as printed. */
  write(text: string): string {
    const line = writeLogLine(this.#options.version, text);
    this.entries.push({ t: writeLogTime(this.#options.clock), m: `${line}\n` });
    if (this.entries.length > MAX_LINES) this.entries.shift();
    return line;
  }
}
