import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { RealVerdict, Template } from './template-data.ts';

/** Each models folder has every model twice: also in a subfolder. */
const MODELS_TWICE = ['', 'sub'];

/** Keeps the worker busy for 9,000 s, or until the server ends, so that accepted prompts only wait. */
const BUSY = {
  1: { class_type: 'EmptyImage', inputs: { width: 8, height: 8, batch_size: 1, color: 0 }, _meta: {} },
  2: { class_type: 'TestSleep', inputs: { value: ['1', 0], seconds: 9000 }, _meta: {} },
  3: { class_type: 'PreviewImage', inputs: { images: ['2', 0] }, _meta: {} },
};

/** Puts a small file where a server with this home looks for each model and each input of the templates. */
export async function placeFiles(home: string, templates: Iterable<Template>): Promise<void> {
  for (const { models, files } of templates) {
    for (const { folder, name } of models) {
      for (const sub of MODELS_TWICE) await place(join(home, 'models', folder, sub, name));
    }
    for (const file of files) await place(join(home, 'input', file));
  }
}

async function place(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, '{}');
}

/** Lets a real server validate graphs; none of them runs. */
export class RealValidator {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** Keeps the worker busy for hours, so that even a graph that would kill it does no harm. */
  async keepBusy(): Promise<void> {
    const { body } = await this.#post('/prompt', { prompt: BUSY });
    if (typeof body.prompt_id !== 'string') throw new Error(`not kept busy: ${JSON.stringify(body)}`);
    for (let running = 0; running === 0; ) {
      const queue = (await (await fetch(`${this.#url}/queue`)).json()) as { queue_running: unknown[] };
      running = queue.queue_running.length;
    }
  }

  /** The response to POST /prompt in short; accepted prompts are removed from the queue at once. */
  async validate(graph: unknown): Promise<RealVerdict> {
    const { status, body } = await this.#post('/prompt', { prompt: graph });
    const problems = Object.entries(body.node_errors ?? {})
      .flatMap(([nodeId, { errors }]) =>
        errors.map(({ type, extra_info }): RealVerdict['problems'][number] => [
          nodeId,
          extra_info?.input_name ?? null,
          type,
        ]),
      )
      .sort((first, second) => (first.join() < second.join() ? -1 : 1));
    if (typeof body.prompt_id === 'string') {
      await this.#post('/queue', { delete: [body.prompt_id] });
      return { isAccepted: true, problems };
    }
    return { isAccepted: false, error: body.error?.type ?? `status ${status}`, problems };
  }

  async #post(path: string, content: unknown): Promise<{ status: number; body: PromptAnswer }> {
    const response = await fetch(`${this.#url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(content),
    });
    const text = await response.text();
    return { status: response.status, body: parseAnswer(text) };
  }
}

interface PromptAnswer {
  prompt_id?: unknown;
  error?: { type?: string };
  node_errors?: Record<string, { errors: { type: string; extra_info?: { input_name?: string } }[] }>;
}

/** The body of a status 500 is HTML or empty. */
function parseAnswer(text: string): PromptAnswer {
  try {
    return JSON.parse(text) as PromptAnswer;
  } catch {
    return {};
  }
}

/** For each graph the nodes that this ComfyUI could not call, according to its own code and the signatures of its nodes. */
export async function findFailingCalls(
  real: { python: string; repoPath: string },
  home: string,
  graphs: readonly unknown[],
): Promise<string[][]> {
  const script = fileURLToPath(new URL('failing_calls.py', import.meta.url));
  const file = join(home, 'graphs.json');
  await writeFile(file, JSON.stringify(graphs));
  const { stdout } = await promisify(execFile)(real.python, [script, real.repoPath, home, file], {
    maxBuffer: 2 ** 26,
  });
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
}
