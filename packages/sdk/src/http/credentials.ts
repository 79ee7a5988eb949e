import { tokenSchema } from '@comfleet/contract';
import { ComfleetError, parseJsonOrNull, readErrorResponse } from '../errors.ts';
import type { Clock } from '../platform/clock.ts';

/** A bearer token, a function that has the current one, or a client's id and secret to draw tokens with. */
export type Credentials =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly token: string | (() => string | null | Promise<string | null>) }
  | { readonly kind: 'client'; readonly clientId: string; readonly clientSecret: string };

/** Drawn tokens are replaced this long before they end. */
const RENEW_BEFORE_MS = 30_000;

/** Keeps a valid bearer token; concurrent callers share one request for a new one. */
export class TokenSource {
  readonly #credentials: Credentials;
  readonly #url: string;
  readonly #fetch: typeof fetch;
  readonly #clock: Clock;
  #drawn: { token: string; untilMs: number } | null = null;
  #drawing: Promise<string> | null = null;

  constructor(credentials: Credentials, deps: { url: string; fetch: typeof fetch; clock: Clock }) {
    this.#credentials = credentials;
    this.#url = deps.url;
    this.#fetch = deps.fetch;
    this.#clock = deps.clock;
  }

  /** The token to send now; null when none is configured. Throws ComfleetError when one cannot be drawn. */
  async current(): Promise<string | null> {
    const credentials = this.#credentials;
    if (credentials.kind === 'none') return null;
    if (credentials.kind === 'token') {
      return typeof credentials.token === 'string' ? credentials.token : await credentials.token();
    }
    if (this.#drawn !== null && this.#drawn.untilMs > this.#clock.nowMs()) return this.#drawn.token;
    this.#drawing ??= this.#draw(credentials.clientId, credentials.clientSecret).finally(() => {
      this.#drawing = null;
    });
    return await this.#drawing;
  }

  /** Forgets a drawn token that the server refused; true when a new one can be drawn. */
  forget(token: string | null): boolean {
    if (this.#credentials.kind !== 'client') return false;
    if (this.#drawn?.token === token) this.#drawn = null;
    return true;
  }

  async #draw(clientId: string, clientSecret: string): Promise<string> {
    const response = await this.#post(JSON.stringify({ client_id: clientId, client_secret: clientSecret }));
    if (!response.ok) throw await readErrorResponse(response, this.#clock.nowMs());
    const answer = tokenSchema.safeParse(parseJsonOrNull(await response.text()));
    if (!answer.success) {
      throw new ComfleetError('INVALID_ANSWER', 'The token answer is not as expected.', {
        cause: answer.error,
      });
    }
    const { access_token: token, expires_in: seconds } = answer.data;
    this.#drawn = { token, untilMs: this.#clock.nowMs() + seconds * 1000 - RENEW_BEFORE_MS };
    return token;
  }

  async #post(body: string): Promise<Response> {
    try {
      return await this.#fetch(`${this.#url}/api/v2/auth/token`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
    } catch (cause) {
      throw new ComfleetError('UNREACHABLE', `No answer from ${this.#url}.`, { cause });
    }
  }
}
