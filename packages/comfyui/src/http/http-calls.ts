import { isRecord } from '../json/records.ts';
import { parseTolerantJson } from '../json/tolerant-json.ts';
import { ComfyError } from './comfy-error.ts';
import type { HttpRequest, HttpResponse, HttpTransport } from './http-transport.ts';

/** Bounds of one call; every call has a deadline of its own when none is given. */
export interface CallOptions {
  signal?: AbortSignal;
  timeoutMs?: number;
}

const MEBIBYTE = 1024 * 1024;
const TIMEOUT_MS = 15_000;

/** Calls to one server: its address and headers added, its answers read and capped. Throws ComfyError. */
export class HttpCalls {
  readonly baseUrl: string;
  readonly #transport: HttpTransport;
  readonly #headers: Record<string, string>;

  constructor(options: { baseUrl: string; transport: HttpTransport; headers?: Record<string, string> }) {
    this.baseUrl = options.baseUrl.replace(/\/+$/, '');
    this.#transport = options.transport;
    this.#headers = options.headers ?? {};
  }

  /** Any request, whatever its status. */
  request(request: HttpRequest): Promise<HttpResponse> {
    return this.#transport.request({ ...request, headers: { ...this.#headers, ...request.headers } });
  }

  /** POST of JSON whose answer says nothing. */
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
  loadRecord(path: string, options: CallOptions, maxMebibytes: number): Promise<Record<string, unknown>> {
    return this.callRecord(this.#toGet(path, options), maxMebibytes);
  }

  /** GET of JSON. */
  loadJson(path: string, options: CallOptions, maxMebibytes: number): Promise<unknown> {
    return this.#callJson(this.#toGet(path, options), maxMebibytes);
  }

  /** A request that is answered with a JSON object. */
  async callRecord(request: HttpRequest, maxMebibytes: number): Promise<Record<string, unknown>> {
    const answer = await this.#callJson(request, maxMebibytes);
    if (!isRecord(answer)) throw new ComfyError('INVALID_BODY', `${readPath(request.url)} is not an object`);
    return answer;
  }

  #toGet(path: string, options: CallOptions): HttpRequest {
    return { method: 'GET', url: this.baseUrl + path, timeoutMs: TIMEOUT_MS, ...options };
  }

  async #callJson(request: HttpRequest, maxMebibytes: number): Promise<unknown> {
    const response = await this.request({ ...request, maxBytes: maxMebibytes * MEBIBYTE });
    if (response.status < 200 || response.status > 299)
      throw await toStatusError(response, readPath(request.url));
    const text = await response.text();
    try {
      return parseTolerantJson(text);
    } catch (cause) {
      throw new ComfyError('INVALID_BODY', `${readPath(request.url)} is not JSON`, {
        cause,
        details: { bodyText: text.slice(0, 500) },
      });
    }
  }
}

/** BAD_STATUS, with the beginning of what the server said. */
export async function toStatusError(response: HttpResponse, path: string): Promise<ComfyError> {
  let bodyText = '';
  try {
    bodyText = (await response.text()).slice(0, 500);
  } catch {
    // the status says enough; a body that cannot be read adds nothing
  }
  return new ComfyError('BAD_STATUS', `${path} answered ${response.status}`, {
    details: { status: response.status, bodyText },
  });
}

function readPath(url: string): string {
  return new URL(url).pathname;
}
