import {
  type ChangeWorker,
  plainText,
  type Text,
  type WorkerAuth,
  type WorkerGroup,
  type WorkerSource,
  workerSettingsSchema,
} from '@comfleet/contract';
import { createProblem } from '../../platform/config/config-problem.ts';
import { AppError } from '../../platform/errors/app-error.ts';
import { describeIssue } from '../../platform/text/describe-issue.ts';
import { isCertificate, OPEN_ACCESS, type WorkerAccess } from './worker-access.ts';

/** Settings of a worker besides its name and address. */
export interface WorkerSettings {
  /** Maximum of our prompts on it at once; default 2 (one running, one prefetched). */
  readonly maxConcurrent?: number | undefined;
  readonly capabilities?: readonly string[] | undefined;
  readonly labels?: readonly string[] | undefined;
  /** Default primary. */
  readonly group?: WorkerGroup | undefined;
  /** Default 1. */
  readonly weight?: number | undefined;
  /** 1 to 10; 10 is preferred. Default: `metadata.priority` of the v1 layout if present, else 5. */
  readonly priority?: number | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  /** Default none. */
  readonly auth?: WorkerAuth | null | undefined;
  readonly headers?: WorkerAccess['headers'] | undefined;
  /** Default: the system's authorities. */
  readonly tls?: WorkerAccess['tls'] | undefined;
}

/** What is known about a worker before its first check: from configuration, the API, discovery, or an instance of ours. */
export interface WorkerSpec extends WorkerSettings {
  readonly name: string;
  /** `http://host:port`, with a path if ComfyUI is behind a proxy. */
  readonly url: string;
  readonly source: WorkerSource;
  /** Default true; can be overridden at run time. */
  readonly enabled?: boolean | undefined;
  /** How it joined by itself; null for one that was configured. */
  readonly discoveredBy?: string | null | undefined;
  /** Text that the argv of the answering process must contain; for our instances. Not stored. */
  readonly marker?: string | null;
}

/** A spec with every default filled in. */
export interface CompiledWorkerSpec extends WorkerAccess {
  readonly name: string;
  readonly url: string;
  readonly source: WorkerSource;
  readonly maxConcurrent: number;
  readonly capabilities: string[];
  readonly labels: string[];
  readonly group: WorkerGroup;
  readonly weight: number;
  readonly priority: number;
  readonly enabled: boolean;
  readonly metadata: Record<string, unknown>;
  readonly discoveredBy: string | null;
  readonly marker: string | null;
}

/** Defaults of a worker. */
export const SPEC_DEFAULTS = {
  maxConcurrent: 2,
  capabilities: [],
  labels: [],
  group: 'primary',
  weight: 1,
  priority: 5,
  enabled: true,
  metadata: {},
  ...OPEN_ACCESS,
  discoveredBy: null,
  marker: null,
} as const;

/** True when the name alone identifies the worker: the port of our own instances may change. */
export function isKnownByName(source: WorkerSource): boolean {
  return source === 'instance' || source === 'simulated';
}

/** Checks a spec and fills its defaults. Throws CONFIG_INVALID naming the field. */
export function compileWorkerSpec(spec: WorkerSpec): CompiledWorkerSpec {
  const name = spec.name.trim();
  if (name === '') throw invalid(spec, 'name', plainText('value.worker_name'));
  const url = normalizeWorkerUrl(spec.url);
  if (url === null) throw invalid(spec, 'url', plainText('value.worker_url'));
  const filled = { ...SPEC_DEFAULTS, ...dropUnsaid(spec) };
  const settings = workerSettingsSchema.safeParse({
    ...filled,
    max_concurrent: filled.maxConcurrent,
    priority: spec.priority ?? spec.metadata?.priority ?? SPEC_DEFAULTS.priority,
  });
  if (!settings.success) {
    const [issue] = settings.error.issues;
    const text = issue === undefined ? plainText('value.other') : describeIssue(issue);
    throw invalid(spec, issue?.path.join('.') ?? '', text);
  }
  const { max_concurrent: maxConcurrent, ...rest } = settings.data;
  requireCertificate(spec, rest.tls.ca);
  const { source, enabled, discoveredBy, marker } = filled;
  return { name, url, source, maxConcurrent, ...rest, enabled, discoveredBy, marker };
}

function requireCertificate(spec: WorkerSpec, ca: string | null): void {
  if (ca === null || isCertificate(ca)) return;
  throw invalid(spec, 'tls.ca', plainText('value.certificate_unreadable'));
}

/** Drops fields that are undefined. */
function dropUnsaid<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as { [K in keyof T]: Exclude<T[K], undefined> };
}

/** Converts settings from the wire; absent fields stay absent. */
export function toWorkerSettings(body: ChangeWorker): WorkerSettings {
  const { max_concurrent: maxConcurrent, ...others } = body;
  return { ...others, ...(maxConcurrent === undefined ? {} : { maxConcurrent }) };
}

/** The spec with an admin's overrides. */
export function overrideSpec(spec: CompiledWorkerSpec, overrides: WorkerSettings): CompiledWorkerSpec {
  return compileWorkerSpec({ ...spec, ...dropUnsaid(overrides) });
}

function invalid(spec: WorkerSpec, field: string, text: Text): AppError {
  const problem = createProblem(field, null, text);
  return new AppError('CONFIG_INVALID', {
    worker: spec.name,
    field,
    problem: problem.message,
    problems: [problem],
  });
}

/** Normalizes an address: no trailing slash, host in lower case. Null when it is not an http(s) address. */
export function normalizeWorkerUrl(text: string): string | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return null;
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return null;
  return `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, '')}`;
}

/** The address of a ComfyUI that listens on this host: loopback for all interfaces, IPv6 in brackets (PS24). */
export function toWorkerUrl(listenHost: string, port: number): string {
  const first = listenHost.split(',')[0]?.trim() ?? '';
  const host = { '0.0.0.0': '127.0.0.1', '::': '127.0.0.1', '': '127.0.0.1' }[first] ?? first;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
