import {
  AuthorizationResponseError,
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  buildEndSessionUrl,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  type Configuration,
  calculatePKCECodeChallenge,
  discovery,
  enableNonRepudiationChecks,
  fetchUserInfo,
  None,
} from 'openid-client';
import { AppError } from '../../platform/errors/app-error.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { Claims } from './choose-role.ts';
import { describeReason, isOutage } from './describe-reason.ts';
import type { OidcSettings } from './settings.ts';

/** What ties a response of the provider to the request. */
export interface Ties {
  readonly state: string;
  readonly nonce: string;
  /** The verifier of PKCE. */
  readonly verifier: string;
}

/** A user by the verified ID token; `claims` has those of the user info too. */
export interface VerifiedUser {
  readonly issuer: string;
  readonly subject: string;
  readonly claims: Claims;
}

/** The provider's metadata are read again after this time. */
const METADATA_MS = 3_600_000;
/** A provider that does not work is not asked again for this long. */
const PAUSE_MS = 5000;

/**
 * The OpenID provider, over openid-client, which checks signature, issuer, audience, times and nonce of the ID token. The
 * provider is contacted when it is needed first: one that is down stops nobody but those who sign in there.
 */
export class OidcProvider {
  readonly #settings: OidcSettings;
  readonly #clock: Clock;
  #metadata: { readonly loading: Promise<Configuration>; untilMs: number } | null = null;

  constructor(settings: OidcSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /** The address at the provider where the sign-in begins. Throws OIDC_UNAVAILABLE. */
  async authorizationUrl(redirectUri: string, { state, nonce, verifier }: Ties): Promise<string> {
    const configuration = await this.#load();
    const parameters = {
      response_type: 'code',
      redirect_uri: redirectUri,
      scope: this.#settings.scopes.join(' '),
      code_challenge: await calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      ...{ state, nonce },
    };
    try {
      return buildAuthorizationUrl(configuration, parameters).href;
    } catch (thrown) {
      // Its metadata have no address, or none that a browser may be sent to.
      throw toOutage(thrown);
    }
  }

  /**
   * Exchanges the code of a response (`url`: the redirect URI with the parameters of the response) for the user. Throws
   * OIDC_DENIED, OIDC_REFUSED for anything that is not valid, OIDC_UNAVAILABLE.
   */
  async exchange(url: URL, { state, nonce, verifier }: Ties): Promise<VerifiedUser> {
    const configuration = await this.#load();
    try {
      const tokens = await authorizationCodeGrant(configuration, url, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
      });
      const claims = tokens.claims();
      if (claims === undefined) throw new Error('the response has no ID token');
      const { iss: issuer, sub: subject } = claims;
      const hasUserInfo = configuration.serverMetadata().userinfo_endpoint !== undefined;
      const info = hasUserInfo ? await fetchUserInfo(configuration, tokens.access_token, subject) : {};
      return { issuer, subject, claims: { ...info, ...claims } };
    } catch (thrown) {
      throw toRefusal(thrown);
    }
  }

  /** The address that signs out at the provider; null if it has none or cannot be reached. */
  async endSessionUrl(returnTo: string): Promise<string | null> {
    try {
      const configuration = await this.#load();
      return buildEndSessionUrl(configuration, { post_logout_redirect_uri: returnTo }).href;
    } catch {
      // Down, without such an address, or with none for browsers: whoever signs out here is signed out here all the same.
      return null;
    }
  }

  async #load(): Promise<Configuration> {
    const nowMs = this.#clock.monotonicMs();
    if (this.#metadata === null || this.#metadata.untilMs <= nowMs) {
      const entry = { loading: this.#discover(), untilMs: nowMs + METADATA_MS };
      entry.loading.catch(() => {
        entry.untilMs = this.#clock.monotonicMs() + PAUSE_MS;
      });
      this.#metadata = entry;
    }
    try {
      return await this.#metadata.loading;
    } catch (thrown) {
      throw toOutage(thrown);
    }
  }

  #discover(): Promise<Configuration> {
    const { issuer, clientId, clientSecret, timeoutMs } = this.#settings;
    const server = new URL(issuer);
    const isPlain = server.protocol === 'http:';
    return discovery(server, clientId, {}, clientSecret === null ? None() : authenticate(clientSecret), {
      timeout: timeoutMs / 1000,
      execute: isPlain ? [allowInsecureRequests, enableNonRepudiationChecks] : [enableNonRepudiationChecks],
    });
  }
}

/** Sends the client secret the way that the provider takes; Basic, which is the default, where it takes both. */
function authenticate(clientSecret: string): ClientAuth {
  return (server, client, body, headers) => {
    const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    const isBasic = methods.includes('client_secret_basic') || !methods.includes('client_secret_post');
    const send = isBasic ? ClientSecretBasic(clientSecret) : ClientSecretPost(clientSecret);
    return send(server, client, body, headers);
  };
}

function toRefusal(thrown: unknown): AppError {
  if (isOutage(thrown)) return toOutage(thrown);
  const cause = new Error(describeReason(thrown));
  const isDenied = thrown instanceof AuthorizationResponseError && thrown.error === 'access_denied';
  return new AppError(isDenied ? 'OIDC_DENIED' : 'OIDC_REFUSED', null, { cause });
}

function toOutage(thrown: unknown): AppError {
  return new AppError('OIDC_UNAVAILABLE', null, { cause: new Error(describeReason(thrown)) });
}
