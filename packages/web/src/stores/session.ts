import type { Who } from '@comfleet/contract';
import { defineStore } from 'pinia';
import { computed, markRaw, shallowRef } from 'vue';
import { type Api, type ApiFactory, ApiFailure, toFailure } from '../api/api.ts';

/** Where the page's visitor stands. The bearer lives in sessionStorage, never in a cookie. */
export type SessionState =
  | { kind: 'signed_out'; failure: ApiFailure | null }
  /** Quietly: by the link or this tab's token, without anything typed. */
  | { kind: 'signing_in'; quietly: boolean }
  | { kind: 'signed_in'; token: string; who: Who; api: Api };

/** How a visitor signs in. */
export type Credential =
  | { kind: 'code'; code: string }
  | { kind: 'client'; clientId: string; clientSecret: string }
  | { kind: 'token'; token: string };

const TOKEN_KEY = 'comfleet.token';

/** Who is signed in and the API opened for them. */
export const useSession = defineStore('session', () => {
  const state = shallowRef<SessionState>({ kind: 'signed_out', failure: null });
  let factory: ApiFactory | null = null;
  let storage: Storage | null = null;

  const api = computed(() => (state.value.kind === 'signed_in' ? state.value.api : null));
  const who = computed(() => (state.value.kind === 'signed_in' ? state.value.who : null));

  /** Gives the store its server and its storage; called once by the entry point. */
  function connect(toFactory: ApiFactory, toStorage: Storage): void {
    factory = toFactory;
    storage = toStorage;
  }

  /** Signs in again with the token of this tab, if it has one. */
  async function resume(): Promise<void> {
    const token = storage?.getItem(TOKEN_KEY) ?? null;
    if (token !== null) await enter({ kind: 'token', token }, true);
  }

  async function signIn(credential: Credential): Promise<void> {
    await enter(credential, credential.kind === 'code');
  }

  async function enter(credential: Credential, quietly: boolean): Promise<void> {
    if (factory === null) throw new Error('connect the session before signing in');
    state.value = { kind: 'signing_in', quietly };
    try {
      const token = await toToken(factory, credential);
      const opened = markRaw(factory.open(token));
      const found = await opened.loadWho();
      storage?.setItem(TOKEN_KEY, token);
      state.value = { kind: 'signed_in', token, who: found, api: opened };
    } catch (error) {
      const failure = toFailure(error);
      // A server that does not answer says nothing about the token: it stays for the next try.
      if (failure.code === 'UNAUTHORIZED') storage?.removeItem(TOKEN_KEY);
      const ended = failure.code === 'UNAUTHORIZED' && quietly;
      state.value = { kind: 'signed_out', failure: ended ? toEnded(failure) : failure };
    }
  }

  /** Forgets the token. With a failure, the sign-in page says why. */
  function signOut(failure: ApiFailure | null = null): void {
    storage?.removeItem(TOKEN_KEY);
    state.value = {
      kind: 'signed_out',
      failure: failure?.code === 'UNAUTHORIZED' ? toEnded(failure) : failure,
    };
  }

  /** True when a tab's token is kept for another try. */
  function hasToken(): boolean {
    return (storage?.getItem(TOKEN_KEY) ?? null) !== null;
  }

  return { state, api, who, connect, resume, signIn, signOut, hasToken };
});

async function toToken(factory: ApiFactory, credential: Credential): Promise<string> {
  switch (credential.kind) {
    case 'token':
      return credential.token;
    case 'code':
      return (await factory.signIn.exchangeCode(credential.code)).access_token;
    case 'client':
      return (await factory.signIn.issueToken(credential.clientId, credential.clientSecret)).access_token;
  }
}

/** A token that once was good: the page says that the sign-in ran out, not that something was typed wrongly. */
function toEnded(failure: ApiFailure): ApiFailure {
  return new ApiFailure('SIGN_IN_ENDED', failure.message, { cause: failure });
}
