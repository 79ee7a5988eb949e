/** Takes the one-time code out of the address (`#code=…`), so that neither history nor a copied link keeps it. */
export function takeSignInCode(
  location: Pick<Location, 'hash' | 'pathname' | 'search'>,
  history: Pick<History, 'replaceState'>,
): string | null {
  const code = new URLSearchParams(location.hash.slice(1)).get('code');
  if (code === null || code === '') return null;
  history.replaceState(null, '', location.pathname + location.search);
  return code;
}
