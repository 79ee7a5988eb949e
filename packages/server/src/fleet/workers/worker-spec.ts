import type { WorkerSource } from '@comfleet/contract';
import { AppError } from '../../platform/errors/app-error.ts';

/** What is known of a worker before it was asked: from configuration, the API, or one of our instances. */
export interface WorkerSpec {
  readonly name: string;
  /** `http://host:port`, with a path when ComfyUI stands behind a proxy. */
  readonly url: string;
  readonly source: WorkerSource;
  /** Most prompts of ours on it at once; 2 (one running, one prefetched) unless said. */
  readonly maxConcurrent?: number;
  readonly capabilities?: readonly string[];
  readonly labels?: readonly string[];
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Stands in the argv of the process that must answer; for our instances. Not stored. */
  readonly marker?: string | null;
}

/** A spec with every default filled in. */
export interface CompiledWorkerSpec {
  readonly name: string;
  readonly url: string;
  readonly source: WorkerSource;
  readonly maxConcurrent: number;
  readonly capabilities: string[];
  readonly labels: string[];
  readonly metadata: Record<string, unknown>;
  readonly marker: string | null;
}

const DEFAULT_MAX_CONCURRENT = 2;

/** True when the name alone says which worker it is: our own get another port now and then. */
export function isKnownByName(source: WorkerSource): boolean {
  return source === 'instance' || source === 'simulated';
}

/** Checks a spec and fills its defaults. Throws CONFIG_INVALID naming the field. */
export function compileWorkerSpec(spec: WorkerSpec): CompiledWorkerSpec {
  const name = spec.name.trim();
  if (name === '') throw invalid(spec, 'name', 'a worker needs a name');
  const maxConcurrent = spec.maxConcurrent ?? DEFAULT_MAX_CONCURRENT;
  if (!Number.isInteger(maxConcurrent) || maxConcurrent < 1) {
    throw invalid(spec, 'max_concurrent', 'expected a whole number from 1');
  }
  const url = normalizeWorkerUrl(spec.url);
  if (url === null) throw invalid(spec, 'url', 'expected http://host:port without query or credentials');
  return {
    name,
    url,
    source: spec.source,
    maxConcurrent,
    capabilities: [...(spec.capabilities ?? [])],
    labels: [...(spec.labels ?? [])],
    metadata: { ...spec.metadata },
    marker: spec.marker ?? null,
  };
}

function invalid(spec: WorkerSpec, field: string, problem: string): AppError {
  return new AppError('CONFIG_INVALID', { worker: spec.name, field, problem });
}

/** One spelling per address: no trailing slash, host in lower case. Null when it is no http(s) address. */
export function normalizeWorkerUrl(text: string): string | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return null;
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return null;
  return `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, '')}`;
}

/** The address of a ComfyUI that listens on this host: every interface is reached by loopback, IPv6 in brackets (PS24). */
export function toWorkerUrl(listenHost: string, port: number): string {
  const first = listenHost.split(',')[0]?.trim() ?? '';
  const host = { '0.0.0.0': '127.0.0.1', '::': '127.0.0.1', '': '127.0.0.1' }[first] ?? first;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
