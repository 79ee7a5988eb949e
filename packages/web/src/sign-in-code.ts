/** What the server put into the fragment of the address: the one-time code of a sign-in, or why there is none. */
export type Arrival =
  | { readonly kind: 'code'; readonly code: string }
  | { readonly kind: 'refused'; readonly error: string };

/**
 * Takes the one-time code (`#code=…`) or the error of a sign-in (`#sign_in_error=…`) out of the address, so that neither history
 * nor a copied link keeps it.
 */
export function takeArrival(
  location: Pick<Location, 'hash' | 'pathname' | 'search'>,
  history: Pick<History, 'replaceState'>,
): Arrival | null {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const code = fragment.get('code');
  const error = fragment.get('sign_in_error');
  const hasCode = code !== null && code !== '';
  if (!hasCode && error === null) return null;
  history.replaceState(null, '', location.pathname + location.search);
  return hasCode ? { kind: 'code', code } : { kind: 'refused', error: error ?? '' };
}

/** The address that signs in through the OpenID provider and returns to what is open now. */
export function toProviderAddress({ pathname, search }: Pick<Location, 'pathname' | 'search'>): string {
  return `/api/v2/auth/oidc/sign-in?return_to=${encodeURIComponent(pathname + search)}`;
}
