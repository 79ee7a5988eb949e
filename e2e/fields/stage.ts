import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSimulator, type Simulator } from '@comfleet/simulator';
import { type Json, type ReceivedResponse, type RunningServer, startServer } from '@comfleet/test-kit/server';
import { expect } from 'vitest';

/** Sends one field of an operation and proves that it has an effect, or that the refusal names it. */
export type Proof = (stage: Stage) => Promise<void>;

/** Proofs for each operation by field, with the names of `listFields`. */
export type Cases = Readonly<Record<string, Readonly<Record<string, Proof>>>>;

export const JOIN_TOKEN = 'join-token-of-this-test-0123456789abcdef';

const GRAPH = {
  '1': { class_type: 'EmptyImage', inputs: { width: 64, height: 64, batch_size: 1, color: 0 } },
  '2': { class_type: 'SaveImage', inputs: { images: ['1', 0], filename_prefix: 'plain' } },
  '3': { class_type: 'SaveImage', inputs: { images: ['1', 0], filename_prefix: 'other' } },
};
/** Two outputs; no worker can run the second. */
const HALF_GRAPH = {
  '1': GRAPH['1'],
  '2': GRAPH['2'],
  '8': { class_type: 'LoadImage', inputs: { image: 'absent.png' } },
  '9': { class_type: 'SaveImage', inputs: { filename_prefix: 'absent', images: ['8', 0] } },
};
const MAPPING = {
  prompt: { node_id: '2', input_name: 'filename_prefix', default_value: 'plain' },
  negative_prompt: { node_id: '3', input_name: 'filename_prefix', default_value: 'other' },
  width: { node_id: '1', input_name: 'width', data_type: 'int', default_value: 64 },
  height: { node_id: '1', input_name: 'height', data_type: 'int', default_value: 64 },
  seed: { node_id: '1', input_name: 'color', data_type: 'int', default_value: 0 },
};
const TYPES = ['text_to_image', 'text_to_image_sdxl', 'image_to_video'];

/** Rules for those whom the cases name, so that nobody else is bound. */
const POLICIES = [
  { name: 'a-project', for: { projects: ['policy-project'] }, deny: { nodes: ['EmptyImage'] } },
  { name: 'a-client', for: { clients: ['policy-client'] }, deny: { nodes: ['EmptyImage'] } },
  { name: 'a-workflow', for: { clients: ['policy-reader'] }, deny: { workflows: ['plain_*'] } },
  { name: 'a-role', for: { roles: ['viewer'] }, deny: { nodes: ['EmptyImage'] } },
];

/** A workflow per task type that needs no model, and one of which only half can run. */
async function writeWorkflows(folder: string) {
  const write = async (name: string, graph: object, parameter_mapping: object) => {
    const workflow_file = join(folder, `${name}.json`);
    await writeFile(workflow_file, JSON.stringify(graph));
    return { name, workflow_file, parameter_mapping };
  };
  const toType = async (type: string) => ({
    enabled: true,
    default_workflow: `plain_${type}`,
    workflows: {
      [`plain_${type}`]: await write(`plain_${type}`, GRAPH, MAPPING),
      [`half_${type}`]: await write(`half_${type}`, HALF_GRAPH, { width: MAPPING.width }),
    },
  });
  return Object.fromEntries(await Promise.all(TYPES.map(async (type) => [type, await toType(type)])));
}

/** One server with two workers for all cases, and a third ComfyUI outside the fleet. */
export class Stage {
  readonly server: RunningServer;
  readonly stranger: Simulator;
  readonly outputs: string;
  /** Bearer of an admin. */
  readonly token: string;

  constructor(server: RunningServer, stranger: Simulator, outputs: string) {
    this.server = server;
    this.stranger = stranger;
    this.outputs = outputs;
    this.token = server.token;
  }

  static async open(): Promise<Stage> {
    const outputs = await mkdtemp(join(tmpdir(), 'comfleet-fields-'));
    const server = await startServer({
      worker: { labels: ['fast'] },
      config: {
        comfyui: { output_dir: outputs },
        task_types: await writeWorkflows(outputs),
        nodes: { discovery_mode: 'dynamic', join_token: JOIN_TOKEN },
        policies: POLICIES,
      },
    });
    const stage = new Stage(server, await openSimulator({ stepMs: 1 }), outputs);
    await server.whenOnline();
    return stage;
  }

  async close(): Promise<void> {
    await this.server.close();
    await this.stranger.close();
    await rm(this.outputs, { recursive: true, force: true });
  }

  /** Sends `METHOD path`, by default as an admin. */
  ask(
    request: string,
    body?: unknown,
    more: { token?: string | null; headers?: Record<string, string> } = {},
  ): Promise<ReceivedResponse> {
    const { token = this.token, headers = {} } = more;
    return this.server.ask(token, request, { ...(body !== undefined && { body }), headers });
  }

  /** Like `ask`; throws unless the request succeeds. */
  async get(request: string, body?: unknown): Promise<Json> {
    const answer = await this.ask(request, body);
    if (answer.status >= 300) throw new Error(`${request} answered ${answer.status}: ${answer.text}`);
    return answer.json;
  }

  /** Submits and waits for the end; returns the record, of a batch that of its first task. */
  async run(route: string, body: Json): Promise<Json> {
    const made = await this.get(`POST ${route}`, body);
    return this.server.finish(this.token, made.task_id ?? made.task_ids[0]);
  }

  /** Proves that a request is refused with this status and that the response names the field. */
  async refuses(request: string, { status, names, body, token = this.token }: Refusal): Promise<void> {
    const answer = await this.server.ask(token, request, { body });
    expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(names)]);
  }
}

interface Refusal {
  status: number;
  /** Text about the field that the response must contain. */
  names: string;
  body?: unknown;
  token?: string | null;
}
