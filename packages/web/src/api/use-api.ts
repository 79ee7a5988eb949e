import { type InjectionKey, inject, provide } from 'vue';
import type { Api } from './api.ts';

const API: InjectionKey<Api> = Symbol('api');

/** Gives the API of whoever is signed in to all that is shown below. */
export function provideApi(api: Api): void {
  provide(API, api);
}

/** The API of whoever is signed in, for what only they are shown. */
export function useApi(): Api {
  const api = inject(API);
  if (api === undefined) throw new Error('nobody is signed in where this is shown');
  return api;
}
