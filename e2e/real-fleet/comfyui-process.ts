import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { findFreePort, Program } from '@comfleet/test-kit';
import type { FoundComfyui } from '../services/real-comfyui.ts';
import { plainLine } from './plain-line.ts';

/** ComfyUI logs this once per checkpoint whose diffusion model it builds (comfy/model_base.py), not when it is still loaded. */
const MODEL_LOAD = /^model weight dtype /;

/** Ports tried before a start is given up. */
const MAX_PORTS = 5;

/** Python's wording, then ComfyUI's since 0.21.0. */
const PORT_TAKEN = /address already in use|is already in use on address/;

/** Interval between two checks of a starting server, and the time limit of a check. */
const POLL_MS = 200;
const POLL_TIMEOUT_MS = 2000;

/** How to start a real ComfyUI. */
export interface StartOptions {
  /** Default: a free one. */
  port?: number;
  /** Includes the nodes that call paid services; their descriptions need no network. */
  withApiNodes?: boolean;
  /** Extra arguments. */
  args?: readonly string[];
}

interface Launch {
  name: string;
  home: string;
  models: string;
  port: number;
  flags: string[];
}

/** A real ComfyUI on the CPU, with its own files and the models and test nodes of the repository. */
export class ComfyuiProcess {
  readonly name: string;
  readonly url: string;
  readonly port: number;
  readonly #program: Program;

  private constructor(name: string, port: number, program: Program) {
    this.name = name;
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
    this.#program = program;
  }

  /** Starts it below `folder`, on the given port or a free one; resolves when it listens. */
  static async start(
    real: FoundComfyui,
    folder: string,
    name: string,
    options: StartOptions = {},
  ): Promise<ComfyuiProcess> {
    const home = join(folder, name);
    await mkdir(join(home, 'custom_nodes'), { recursive: true });
    const socketSaver = join('custom_nodes', 'websocket_image_save.py');
    await copyFile(join(real.repoPath, socketSaver), join(home, socketSaver));
    const models = join(home, 'models.yaml');
    await writeFile(
      models,
      JSON.stringify({ real: { base_path: real.repoPath, checkpoints: 'models/checkpoints' } }),
    );
    const flags = [
      ...(options.withApiNodes === true ? [] : ['--disable-api-nodes']),
      ...(options.args ?? []),
    ];
    const launch = (port: number) => ComfyuiProcess.#launch(real, { name, home, models, port, flags });
    if (options.port !== undefined) return launch(options.port);
    for (let tries = 1; ; tries += 1) {
      try {
        return await launch(await findFreePort());
      } catch (thrown) {
        // ComfyUI binds last, seconds after its port was found free: another program may have taken it meanwhile.
        const isTaken = thrown instanceof Error && PORT_TAKEN.test(thrown.message);
        if (!isTaken || tries >= MAX_PORTS) throw thrown;
      }
    }
  }

  static async #launch(
    real: FoundComfyui,
    { name, home, models, port, flags }: Launch,
  ): Promise<ComfyuiProcess> {
    const program = new Program(
      real.python,
      [
        ...['main.py', '--cpu', '--port', String(port)],
        ...['--base-directory', home],
        ...['--extra-model-paths-config', models, real.testNodes],
        ...['--database-url', 'sqlite:///:memory:', ...flags],
      ],
      {
        cwd: real.repoPath,
        // One core each: two servers that both take all cores of one machine mostly wait for each other.
        env: { ...process.env, OMP_NUM_THREADS: '1' },
      },
    );
    const started = new ComfyuiProcess(name, port, program);
    await started.#whenReady(home);
    return started;
  }

  /** Resolves when this process responds, not another one on its port. Its log is no reliable sign: the wording differs by version. */
  async #whenReady(home: string): Promise<void> {
    while (!(await this.#isAnswering(home))) {
      if (this.#program.hasEnded)
        throw new Error(`${this.name} ended before it answered:\n${this.#program.tail}`);
      await Promise.race([wait(POLL_MS), this.#program.exited]);
    }
  }

  async #isAnswering(home: string): Promise<boolean> {
    try {
      const signal = AbortSignal.timeout(POLL_TIMEOUT_MS);
      const answer = await fetch(`${this.url}/system_stats`, { signal });
      return answer.ok && (await answer.text()).includes(JSON.stringify(home));
    } catch {
      return false; // not listening yet, or too busy starting to respond
    }
  }

  /** The version it reports in /system_stats. */
  async loadVersion(): Promise<string> {
    const answer = await fetch(`${this.url}/system_stats`);
    const { system }: { system: { comfyui_version: string } } = await answer.json();
    return system.comfyui_version;
  }

  /** Checkpoints loaded since it started, from its own log. */
  countModelLoads(): number {
    return this.#program.lines.filter((line) => MODEL_LOAD.test(plainLine(line))).length;
  }

  /** Prompts sent to it since it started, from its own log. */
  countPrompts(): number {
    return this.#program.lines.filter((line) => plainLine(line) === 'got prompt').length;
  }

  /** Processor time it has used, in seconds: unlike wall time, it does not depend on other programs. NaN except on Linux. */
  async loadProcessorSeconds(): Promise<number> {
    const stat = await readFile(`/proc/${this.#program.pid}/stat`, 'utf8').catch(() => '');
    // After the name in brackets: user and system time are fields 14 and 15 of proc(5), in hundredths.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  signal(signal: NodeJS.Signals): void {
    this.#program.signal(signal);
  }

  /** Kills it at once, together with its running prompt. */
  async kill(): Promise<void> {
    await this.#program.stop('SIGKILL');
  }
}
