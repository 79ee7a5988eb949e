import { ComfleetError, parseJsonOrNull, readErrorResponse } from '../errors.ts';
import { type Clock, toReason } from '../platform/clock.ts';
import type { Random } from '../platform/random.ts';
import type { TokenSource } from './credentials.ts';
import { chooseRetryDelay, type RetryPolicy } from './retry.ts';

/** What every call takes beside its own arguments. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  /** For one try, its answer included. Default: the client's. 0 means none. */
  readonly timeoutMs?: number;
}

/** What is asked of a schema here; every schema of the contract fits. */
export interface ResponseSchema<T> {
  safeParse(
    value: unknown,
  ):
    | { success: true; data: T }
    | { success: false; error: { issues: readonly { path: readonly PropertyKey[]; message: string }[] } };
}

export type QueryValue = string | number | boolean | undefined | null;

export interface Request extends CallOptions {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, QueryValue>>;
  /** JSON text or a form. */
  readonly body?: string | FormData;
  readonly headers?: Readonly<Record<string, string>>;
  /** True when doing it twice is the same as once. Default: all but POST. */
  readonly repeatable?: boolean;
  /** Overrides the client's number of retries. */
  readonly retries?: number;
  readonly anonymous?: boolean;
}

export interface TransportDeps {
  readonly url: string;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  readonly random: Random;
  readonly tokens: TokenSource;
  readonly retry: RetryPolicy;
  readonly timeoutMs: number;
}

/** One server's HTTP: authorisation, timeouts, retries, errors. */
export class HttpTransport {
  readonly #deps: TransportDeps;

  constructor(deps: TransportDeps) {
    this.#deps = deps;
  }

  get url(): string {
    return this.#deps.url;
  }

  get clock(): Clock {
    return this.#deps.clock;
  }

  get random(): Random {
    return this.#deps.random;
  }

  /** The current bearer token; null when none is configured. */
  async token(): Promise<string | null> {
    return await this.#deps.tokens.current();
  }

  /** Sends and reads a JSON answer checked against its schema. Throws ComfleetError, or the signal's reason. */
  async json<T>(request: Request, schema: ResponseSchema<T>): Promise<T> {
    const text = await this.send(request, (response) => response.text());
    const answer = schema.safeParse(parseJsonOrNull(text));
    if (answer.success) return answer.data;
    throw new ComfleetError('INVALID_ANSWER', `The answer of ${request.path} is not as expected.`, {
      details: { problems: answer.error.issues.slice(0, 5).map((i) => `${i.path.join('.')}: ${i.message}`) },
      cause: answer.error,
    });
  }

  /** Sends, retries as the policy allows, and gives a good answer to `read`, under the same timeout. */
  async send<T>(request: Request, read: (response: Response) => Promise<T>): Promise<T> {
    let renewed = false;
    for (let tries = 1; ; tries += 1) {
      request.signal?.throwIfAborted();
      const token = request.anonymous === true ? null : await this.#deps.tokens.current();
      const outcome = await this.#tryOnce(request, token, read);
      if (outcome.ok) return outcome.value;
      if (outcome.error.status === 401 && !renewed && token !== null && this.#deps.tokens.forget(token)) {
        renewed = true;
        continue;
      }
      const delayMs = chooseRetryDelay(
        {
          error: outcome.error,
          tries,
          repeatable: request.repeatable ?? request.method !== 'POST',
          fraction: this.#deps.random.fraction(),
        },
        { ...this.#deps.retry, retries: request.retries ?? this.#deps.retry.retries },
      );
      if (delayMs === null) throw outcome.error;
      await this.#deps.clock.sleep(delayMs, request.signal);
    }
  }

  async #tryOnce<T>(
    request: Request,
    token: string | null,
    read: (response: Response) => Promise<T>,
  ): Promise<{ ok: true; value: T } | { ok: false; error: ComfleetError }> {
    const limitMs = request.timeoutMs ?? this.#deps.timeoutMs;
    const limit = new AbortController();
    const stopTimer = limitMs > 0 ? this.#deps.clock.setTimer(limitMs, () => limit.abort()) : () => undefined;
    const signals = request.signal === undefined ? [limit.signal] : [limit.signal, request.signal];
    try {
      const response = await this.#deps.fetch(this.#address(request), {
        method: request.method,
        headers: toHeaders(request, token),
        body: request.body ?? null,
        signal: AbortSignal.any(signals),
      });
      if (!response.ok)
        return { ok: false, error: await readErrorResponse(response, this.#deps.clock.nowMs()) };
      return { ok: true, value: await read(response) };
    } catch (cause) {
      if (request.signal?.aborted === true) throw toReason(request.signal);
      if (cause instanceof ComfleetError) throw cause;
      return { ok: false, error: this.#explain(cause, limit.signal.aborted ? limitMs : null) };
    } finally {
      stopTimer();
    }
  }

  #explain(cause: unknown, limitMs: number | null): ComfleetError {
    if (limitMs !== null) {
      return new ComfleetError('TIMED_OUT', `No answer from ${this.url} within ${limitMs} ms.`, { cause });
    }
    return new ComfleetError('UNREACHABLE', `No answer from ${this.url}.`, { cause });
  }

  #address(request: Request): string {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(request.query ?? {})) {
      if (value !== undefined && value !== null) query.set(name, String(value));
    }
    const text = query.toString();
    return `${this.#deps.url}${request.path}${text === '' ? '' : `?${text}`}`;
  }
}

function toHeaders(request: Request, token: string | null): Record<string, string> {
  return {
    accept: 'application/json',
    ...(typeof request.body === 'string' ? { 'content-type': 'application/json' } : {}),
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    ...request.headers,
  };
}
