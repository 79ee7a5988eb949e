import { plainText, WORKER_GROUPS, type WorkerGroup, workerSettingsSchema } from '@comfleet/contract';
import { DEFINITION_TEXTS } from '@comfleet/contract/texts/definitions';
import { z } from 'zod';
import { HOST, port } from '../../platform/config/fields.ts';
import type { Findings } from '../../platform/config/settings.ts';
import { accessFields, type WithAccess } from './access-settings.ts';
import { OPEN_ACCESS, splitLogin } from './worker-access.ts';
import { SPEC_DEFAULTS } from './worker-spec.ts';

/** Fields that all entries for workers in the file share. */
export const workerFields = {
  max_concurrent: z
    .int()
    .min(1)
    .max(100)
    .default(SPEC_DEFAULTS.maxConcurrent)
    .describe('Maximum number of tasks sent to it at a time.'),
  capabilities: workerSettingsSchema.shape.capabilities
    .prefault([])
    .describe('Task types it accepts; empty means all.'),
  labels: workerSettingsSchema.shape.labels
    .prefault([])
    .describe('A task that requires labels is placed only on workers that have them all.'),
  group: z
    .enum(WORKER_GROUPS)
    .optional()
    .describe(
      `backup workers are used only when no primary one can run the task; default ${SPEC_DEFAULTS.group}.`,
    ),
  weight: z
    .number()
    .positive()
    .max(1000)
    .optional()
    .describe(
      `For the strategy weighted: twice the weight, twice as many tasks; default ${SPEC_DEFAULTS.weight}.`,
    ),
  priority: z
    .int()
    .min(1)
    .max(10)
    .optional()
    .describe(
      `For the strategy priority_based: 10 is preferred; default metadata.priority, else ${SPEC_DEFAULTS.priority}.`,
    ),
  enabled: z.boolean().default(SPEC_DEFAULTS.enabled).describe('A disabled worker accepts no tasks.'),
  metadata: z
    .record(z.string(), z.unknown())
    .prefault({})
    .describe('Additional information to show: location, gpu_model …'),
};
const fieldsSchema = z.object(workerFields);
type RawFields = z.infer<typeof fieldsSchema>;

/** One of `workers`. */
export const workerSchema = z.strictObject({
  name: z.string().min(1).max(100).optional().describe('Name; default: its host and port.'),
  url: z
    .url({ protocol: /^https?$/ })
    .describe(
      'Address of its ComfyUI, including the path if a proxy serves it under one: `https://host/comfy`.',
    ),
  ...workerFields,
  ...accessFields,
});

/** One of `nodes.static_nodes`. */
export const staticNodeSchema = z.strictObject({
  node_id: z.string().min(1).max(100).describe('Name of the worker; unique.'),
  host: z.string().regex(HOST, DEFINITION_TEXTS.en['config.host']).describe('Host of its ComfyUI.'),
  port: port().default(8188).describe('Port of its ComfyUI.'),
  ...workerFields,
});

const SINGLE = { host: '127.0.0.1', port: 8188 };

/** In the `comfyui` block: a single ComfyUI. */
export const singleComfyui = {
  host: z.string().min(1).optional().describe(`Host of a single ComfyUI; default ${SINGLE.host}.`),
  port: port().optional().describe(`Its port; default ${SINGLE.port}.`),
};

/** The parts of the file that name workers. */
export interface RawWorkers {
  readonly workers: readonly z.infer<typeof workerSchema>[];
  /** Empty where discovery does not use them. */
  readonly staticNodes: readonly z.infer<typeof staticNodeSchema>[];
  readonly single: z.infer<z.ZodObject<typeof singleComfyui>>;
}

/** Settings that a block of the file gives its workers. */
export interface WorkerFields {
  readonly maxConcurrent: number;
  /** Task types; empty means all. */
  readonly capabilities: readonly string[];
  readonly labels: readonly string[];
  /** Null when the file does not set it; SRV records may. */
  readonly group: WorkerGroup | null;
  readonly weight: number | null;
  /** 1 to 10; 10 is preferred. */
  readonly priority: number;
  readonly enabled: boolean;
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface WorkerConfig extends WorkerFields, WithAccess {
  readonly name: string;
  readonly url: string;
  readonly group: WorkerGroup;
  readonly weight: number;
}

/** Checks that names are unique, and warns about one ComfyUI under two names. */
export function checkWorkers(raw: RawWorkers, findings: Findings): void {
  const names = new Map<string, number>();
  const urls = new Map<string, string>();
  for (const { name, url } of compileWorkers(raw)) {
    names.set(name, (names.get(name) ?? 0) + 1);
    const other = urls.get(url);
    if (other !== undefined)
      findings.warn('nodes', { code: 'config.same_worker', params: { first: other, second: name, url } });
    urls.set(url, name);
  }
  const refuseTwice = (name: string, path: string) => {
    if ((names.get(name) ?? 0) < 2) return;
    findings.refuse(path, { code: 'config.worker_twice', params: { name } });
  };
  raw.staticNodes.forEach((node, index) => {
    refuseTwice(node.node_id, `nodes.static_nodes[${index}].node_id`);
  });
  raw.workers.forEach((worker, index) => {
    refuseTwice(worker.name ?? new URL(worker.url).host, `workers[${index}].name`);
  });
}

/** Checks priorities, which the v1 layout has in a worker's metadata. `block` is the path of the entries. */
export function checkPriorities(
  block: string,
  entries: readonly Pick<RawFields, 'priority' | 'metadata'>[],
  findings: Findings,
): void {
  entries.forEach(({ priority, metadata }, index) => {
    if (priority !== undefined || metadata.priority === undefined || readPriority(metadata) !== null) return;
    findings.refuse(`${block}[${index}].metadata.priority`, plainText('config.worker_priority'));
  });
}

/** All workers of the file: `workers`, `nodes.static_nodes`, and the single ComfyUI if it is configured. */
export function compileWorkers(raw: RawWorkers): WorkerConfig[] {
  const own = raw.workers.map((worker, index) => {
    const { url, auth } = splitLogin(worker.url);
    const written = { place: `workers[${index}]`, access: worker };
    const name = worker.name ?? new URL(url).host;
    return { ...compileWorker(name, url.replace(/\/+$/, ''), worker), auth, written };
  });
  const nodes = raw.staticNodes.map((node) =>
    compileWorker(node.node_id, toHttpUrl(node.host, node.port), node),
  );
  const all = [...own, ...nodes];
  const { url, isWritten } = compileSingle(raw.single);
  if (!isWritten || all.some((worker) => worker.url === url)) return all;
  return [...all, compileWorker('comfyui', url, fieldsSchema.parse({}))];
}

/** The single ComfyUI; if `isWritten` is false and there are no workers, the start searches for it. */
export function compileSingle({ host, port: portNumber }: RawWorkers['single']): {
  readonly url: string;
  readonly isWritten: boolean;
} {
  return {
    url: toHttpUrl(host ?? SINGLE.host, portNumber ?? SINGLE.port),
    isWritten: host !== undefined || portNumber !== undefined,
  };
}

export function compileFields(raw: RawFields): WorkerFields {
  return {
    maxConcurrent: raw.max_concurrent,
    capabilities: raw.capabilities,
    labels: raw.labels,
    group: raw.group ?? null,
    weight: raw.weight ?? null,
    priority: raw.priority ?? readPriority(raw.metadata) ?? SPEC_DEFAULTS.priority,
    enabled: raw.enabled,
    metadata: raw.metadata,
  };
}

function compileWorker(name: string, url: string, raw: RawFields): WorkerConfig {
  const fields = compileFields(raw);
  const { group, weight } = SPEC_DEFAULTS;
  return {
    ...{ name, url, ...OPEN_ACCESS, written: null },
    ...fields,
    group: fields.group ?? group,
    weight: fields.weight ?? weight,
  };
}

function readPriority(metadata: Readonly<Record<string, unknown>>): number | null {
  const priority = metadata.priority;
  const isRank =
    typeof priority === 'number' && Number.isInteger(priority) && priority >= 1 && priority <= 10;
  return isRank ? priority : null;
}

function toHttpUrl(host: string, portNumber: number): string {
  const name = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return `http://${name}:${portNumber}`;
}
