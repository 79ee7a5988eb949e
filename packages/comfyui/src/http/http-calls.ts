import type { JsonLimits } from '../json/json-bytes.ts';
import { isRecord } from '../json/records.ts';
import type { Clock } from '../time/clock.ts';
import { systemClock } from '../time/system-clock.ts';
import { ComfyError } from './comfy-error.ts';
import type { HttpRequest, HttpResponse, HttpTransport } from './http-transport.ts';
import { readBeginning, readJson, readJsonBytes } from './read-response.ts';

/** Limits of one call; every call has a default deadline. */
export interface CallOptions {
  signal?: AbortSignal;
  timeoutMs?: number;
  /** Limit of the wait between bytes. */
  idleTimeoutMs?: number;
}

const MEBIBYTE = 1024 * 1024;
const TIMEOUT_MS = 15_000;
/** Long strings are cut while they arrive: this many times more may arrive than is kept. */
const RECEIVED_SHARE = 8;
/** The lists of an object_info reach this, with short values. */
const VALUES_A_MEBIBYTE = 65_536;

/** Which server, and how to reach it; long work on `clock` shares the thread with this. */
export interface HttpOptions {
  baseUrl: string;
  transport: HttpTransport;
  headers?: Record<string, string>;
  clock?: Clock;
}

/** Calls to one server: adds its address and headers, reads and caps its responses. Throws ComfyError. */
export class HttpCalls {
  readonly baseUrl: string;
  readonly clock: Clock;
  readonly #transport: HttpTransport;
  readonly #headers: Record<string, string>;

  constructor(options: HttpOptions) {
    this.clock = options.clock ?? systemClock;
    this.baseUrl = options.baseUrl.replace(/\/+$/, '');
    this.#transport = options.transport;
    this.#headers = options.headers ?? {};
  }

  /** Any request, whatever its status. */
  request(request: HttpRequest): Promise<HttpResponse> {
    return this.#transport.request({ ...request, headers: { ...this.#headers, ...request.headers } });
  }

  /** POST of JSON whose response body is ignored. */
  async post(path: string, body: unknown, options: CallOptions): Promise<void> {
    const response = await this.request({
      method: 'POST',
      url: this.baseUrl + path,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      timeoutMs: TIMEOUT_MS,
      maxBytes: MEBIBYTE,
      ...options,
    });
    if (response.status < 200 || response.status > 299) throw await toStatusError(response, path);
    await response.text();
  }

  /** GET of a JSON object. */
  loadRecord(
    path: string,
    options: CallOptions,
    maxMebibytes: number,
    maxValues?: number,
  ): Promise<Record<string, unknown>> {
    return this.callRecord(this.#toGet(path, options), maxMebibytes, maxValues);
  }

  /** GET of JSON. */
  loadJson(path: string, options: CallOptions, maxMebibytes: number): Promise<unknown> {
    return this.#callJson(this.#toGet(path, options), maxMebibytes);
  }

  /** A request whose response is a JSON object. */
  async callRecord(
    request: HttpRequest,
    maxMebibytes: number,
    mostValues?: number,
  ): Promise<Record<string, unknown>> {
    const body = await this.#callJson(request, maxMebibytes, mostValues);
    if (!isRecord(body)) throw new ComfyError('INVALID_BODY', `${readPath(request.url)} is not an object`);
    return body;
  }

  #toGet(path: string, options: CallOptions): HttpRequest {
    return { method: 'GET', url: this.baseUrl + path, timeoutMs: TIMEOUT_MS, ...options };
  }

  /** GET of JSON, unparsed. */
  async loadBytes(
    path: string,
    options: CallOptions,
    maxMebibytes: number,
    mostValues: number,
  ): Promise<Uint8Array> {
    const { response, limits } = await this.#ask(this.#toGet(path, options), maxMebibytes, mostValues);
    return readJsonBytes(response, path, { limits, clock: this.clock });
  }

  async #callJson(request: HttpRequest, maxMebibytes: number, mostValues?: number): Promise<unknown> {
    const { response, limits } = await this.#ask(request, maxMebibytes, mostValues);
    return readJson(response, readPath(request.url), { limits, clock: this.clock });
  }

  async #ask(
    request: HttpRequest,
    maxMebibytes: number,
    values = maxMebibytes * VALUES_A_MEBIBYTE,
  ): Promise<{ response: HttpResponse; limits: JsonLimits }> {
    const bytes = maxMebibytes * MEBIBYTE;
    const response = await this.request({ ...request, maxBytes: RECEIVED_SHARE * bytes });
    if (response.status < 200 || response.status > 299)
      throw await toStatusError(response, readPath(request.url));
    return { response, limits: { bytes, values } };
  }
}

/** BAD_STATUS, with the beginning of the response body. */
export async function toStatusError(response: HttpResponse, path: string): Promise<ComfyError> {
  let bodyText = '';
  try {
    bodyText = await readBeginning(response);
  } catch {
    // the status is enough; a body that cannot be read adds nothing
  }
  return new ComfyError('BAD_STATUS', `${path} answered ${response.status}`, {
    details: { status: response.status, bodyText },
  });
}

function readPath(url: string): string {
  return new URL(url).pathname;
}
