import { ERRORS, type Who } from '@comfleet/contract';
import { defineStore } from 'pinia';
import { computed, markRaw, shallowRef } from 'vue';
import { type Api, type ApiFactory, ApiFailure, toFailure } from '../api/api.ts';

/** Where the page's visitor stands. The bearer lives in localStorage, for all tabs of the browser, never in a cookie. */
export type SessionState =
  | { kind: 'signed_out'; failure: ApiFailure | null }
  /** Quietly: by the link or this browser's token, without anything typed. */
  | { kind: 'signing_in'; quietly: boolean }
  | { kind: 'signed_in'; token: string; who: Who; api: Api };

/** How a visitor signs in. */
export type Credential =
  | { kind: 'code'; code: string }
  | { kind: 'user'; name: string; password: string }
  | { kind: 'client'; clientId: string; clientSecret: string }
  | { kind: 'token'; token: string };

/** Under this name the browser keeps the token. */
export const TOKEN_KEY = 'comfleet.token';

/** Who is signed in and the API opened for them. */
export const useSession = defineStore('session', () => {
  const state = shallowRef<SessionState>({ kind: 'signed_out', failure: null });
  let loadFactory: (() => Promise<ApiFactory>) | null = null;
  let storage: Storage | null = null;

  const api = computed(() => (state.value.kind === 'signed_in' ? state.value.api : null));
  const who = computed(() => (state.value.kind === 'signed_in' ? state.value.who : null));

  /** Gives the store its server and its storage; called once by the entry point. */
  function connect(toFactory: () => Promise<ApiFactory>, toStorage: Storage): void {
    loadFactory = toFactory;
    storage = toStorage;
  }

  /** Signs in again with the token of this browser, if it has one; the sign-in lives on from now. */
  async function resume(): Promise<void> {
    const token = keptToken();
    if (token === null) return;
    await enter({ kind: 'token', token }, true);
    await renew();
  }

  /** Signs in. A link that was used up matters only where the browser is not signed in already. */
  async function signIn(credential: Credential): Promise<void> {
    if (credential.kind !== 'code') return enter(credential, false);
    await enter(credential, true);
    if (state.value.kind !== 'signed_out') return;
    const { failure } = state.value;
    await resume();
    if (state.value.kind === 'signed_out') state.value = { kind: 'signed_out', failure };
  }

  /** A sign-in at the OpenID provider that came to nothing: it matters only where the browser is not signed in already. */
  async function refuse(error: string): Promise<void> {
    // The address is anybody's to write: only codes that there are.
    const known = Object.entries(ERRORS).find(([code]) => code === error);
    const failure = known === undefined ? null : new ApiFailure(error, known[1].meaning);
    await resume();
    if (state.value.kind === 'signed_out') state.value = { kind: 'signed_out', failure };
  }

  /** Has the sign-in live on. One that has ended shows at its next use; a server that is silent is asked next time. */
  async function renew(): Promise<void> {
    await api.value?.renew().catch(() => undefined);
  }

  /** What another tab did: it signed in (a token), or out (null). */
  function follow(token: string | null): void {
    if (token === null) leave(null);
    else if (state.value.kind === 'signed_out') void resume();
  }

  async function enter(credential: Credential, quietly: boolean): Promise<void> {
    if (loadFactory === null) throw new Error('connect the session before signing in');
    state.value = { kind: 'signing_in', quietly };
    try {
      const factory = await loadFactory();
      const token = await toToken(factory, credential);
      const opened = markRaw(factory.open(token));
      const found = await opened.loadWho();
      const former = keptToken();
      storage?.setItem(TOKEN_KEY, token);
      if (former !== null && former !== token) void endFormer(factory.open(former));
      state.value = { kind: 'signed_in', token, who: found, api: opened };
    } catch (error) {
      const failure = toFailure(error);
      // A server that does not answer says nothing about the token: it stays for the next try.
      if (failure.code === 'UNAUTHORIZED' && credential.kind === 'token') forget(credential.token);
      const ended = failure.code === 'UNAUTHORIZED' && quietly;
      state.value = { kind: 'signed_out', failure: ended ? toEnded(failure) : failure };
    }
  }

  /** Ends the sign-in that a new one replaced. One that has ended already, or a server that is silent, changes nothing here. */
  async function endFormer(former: Api): Promise<void> {
    await former.signOut('here').catch(() => undefined);
  }

  /**
   * Ends the sign-in of this browser, or of all of them; the page says so when the server did not hear it. Returns where the
   * browser is to go to sign out at the OpenID provider too.
   */
  async function signOut(from: 'here' | 'everywhere'): Promise<string | null> {
    const opened = api.value;
    leave(null);
    try {
      return (await opened?.signOut(from)) ?? null;
    } catch (error) {
      const failure = toFailure(error);
      if (failure.code === 'UNAUTHORIZED') return null;
      leave(new ApiFailure('SIGN_OUT_UNHEARD', failure.message, { cause: failure }));
      return null;
    }
  }

  /** Forgets the token. With a failure, the sign-in page says why. */
  function leave(failure: ApiFailure | null): void {
    if (state.value.kind === 'signed_in') forget(state.value.token);
    const said = failure?.code === 'UNAUTHORIZED' ? toEnded(failure) : failure;
    state.value = { kind: 'signed_out', failure: said };
  }

  /** Another tab may have signed in since: its token stays. */
  function forget(token: string): void {
    if (keptToken() === token) storage?.removeItem(TOKEN_KEY);
  }

  function keptToken(): string | null {
    return storage?.getItem(TOKEN_KEY) ?? null;
  }

  /** True when this browser's token is kept for another try. */
  function hasToken(): boolean {
    return keptToken() !== null;
  }

  return { state, who, connect, resume, signIn, refuse, renew, follow, signOut, leave, hasToken };
});

async function toToken(factory: ApiFactory, credential: Credential): Promise<string> {
  switch (credential.kind) {
    case 'token':
      return credential.token;
    case 'code':
      return (await factory.signIn.exchangeCode(credential.code)).access_token;
    case 'user':
      return (await factory.signIn.signInUser(credential.name, credential.password)).access_token;
    case 'client':
      return (await factory.signIn.issueToken(credential.clientId, credential.clientSecret)).access_token;
  }
}

/** A token that once was good: the page says that the sign-in ran out, not that something was typed wrongly. */
function toEnded(failure: ApiFailure): ApiFailure {
  return new ApiFailure('SIGN_IN_ENDED', failure.message, { cause: failure });
}
