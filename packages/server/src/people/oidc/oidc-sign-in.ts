import { randomNonce, randomPKCECodeVerifier, randomState } from 'openid-client';
import { AppError } from '../../platform/errors/app-error.ts';
import { RecentValues } from '../../platform/memory/recent-values.ts';
import type { Sealer } from '../../platform/secrets/sealer.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { Admitted, OidcUsers } from '../identity/oidc-users.ts';
import { toUserName } from '../identity/user-record.ts';
import { type Claims, chooseRole } from './choose-role.ts';
import { OidcProvider } from './oidc-provider.ts';
import { openPending, type PendingSignIn, sealPending } from './pending-sign-in.ts';
import type { OidcSettings } from './settings.ts';

/** How long a user may take at the provider. */
export const PENDING_MS = 600_000;
const MAX_USED = 10_000;

interface Deps {
  users: OidcUsers;
  sealer: Sealer;
  clock: Clock;
}

/** Sign-in through the OpenID provider: authorization code flow with PKCE, state and nonce. */
export class OidcSignIn {
  readonly name: string;
  readonly #settings: OidcSettings;
  readonly #deps: Deps;
  readonly #provider: OidcProvider;
  /** States whose response came; each counts once. */
  readonly #used = new RecentValues<string, object>(MAX_USED);

  constructor(settings: OidcSettings, deps: Deps) {
    this.name = settings.name;
    this.#settings = settings;
    this.#deps = deps;
    this.#provider = new OidcProvider(settings, deps.clock);
  }

  /**
   * Begins a sign-in: the address at the provider, and what the browser keeps until the response. Throws OIDC_UNAVAILABLE.
   */
  async begin(place: { redirectUri: string; returnTo: string }): Promise<{ url: string; pending: string }> {
    const ties = { state: randomState(), nonce: randomNonce(), verifier: randomPKCECodeVerifier() };
    const url = await this.#provider.authorizationUrl(place.redirectUri, ties);
    const pending = sealPending(this.#deps.sealer, {
      ...ties,
      issuer: this.#settings.issuer,
      redirect_uri: place.redirectUri,
      return_to: place.returnTo,
      begun_at: this.#deps.clock.nowMs(),
    });
    return { url, pending };
  }

  /**
   * Finishes a sign-in with the parameters of the provider's response and what the browser kept; returns the one-time code and
   * the path for the page. Throws OIDC_STATE for a response that this browser does not wait for, and the errors of
   * `OidcProvider.exchange` and `OidcUsers.admit`.
   */
  async finish(search: string, kept: string | null): Promise<Admitted & { returnTo: string }> {
    const pending = this.#claim(new URLSearchParams(search), kept);
    const url = new URL(pending.redirect_uri);
    url.search = search;
    const { issuer, subject, claims } = await this.#provider.exchange(url, pending);
    const visitor = {
      account: { issuer, subject },
      name: chooseName(claims),
      role: chooseRole(this.#settings, claims),
    };
    const admitted = await this.#deps.users.admit(visitor, this.#settings.unknownUsers);
    return { ...admitted, returnTo: pending.return_to };
  }

  /** See `OidcProvider.endSessionUrl`. */
  endSessionUrl(returnTo: string): Promise<string | null> {
    return this.#provider.endSessionUrl(returnTo);
  }

  /** Takes the pending sign-in of a response, once. */
  #claim(response: URLSearchParams, kept: string | null): PendingSignIn {
    const pending = kept === null ? null : openPending(this.#deps.sealer, kept);
    if (pending === null || !this.#isOpen(pending) || response.get('state') !== pending.state)
      throw new AppError('OIDC_STATE');
    this.#used.use(pending.state, () => ({}));
    return pending;
  }

  #isOpen({ issuer, state, begun_at: begunAtMs }: PendingSignIn): boolean {
    const ageMs = this.#deps.clock.nowMs() - begunAtMs;
    return issuer === this.#settings.issuer && ageMs <= PENDING_MS && this.#used.peek(state) === undefined;
  }
}

/** The name of a new user: the first of what the provider calls it that can be one. */
function chooseName(claims: Claims): string {
  for (const claim of ['preferred_username', 'email', 'name', 'sub']) {
    const text = claims[claim];
    const name = typeof text === 'string' ? toUserName(text) : null;
    if (name !== null) return name;
  }
  return 'user';
}
