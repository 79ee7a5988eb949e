import { AuthorizationResponseError, ClientError, ResponseBodyError } from 'openid-client';

const MAX_LENGTH = 200;

/** Why a sign-in failed, for the log. Never the response itself: it holds codes, tokens and claims. */
export function describeReason(thrown: unknown): string {
  if (!(thrown instanceof Error)) return 'unknown';
  if (thrown instanceof AuthorizationResponseError || thrown instanceof ResponseBodyError)
    return `${thrown.message}: ${thrown.error}`.slice(0, MAX_LENGTH);
  const inner = thrown.cause instanceof Error ? thrown.cause : null;
  return [thrown.message, inner?.message ?? '']
    .filter((text) => text !== '')
    .join(': ')
    .slice(0, MAX_LENGTH);
}

/** Whether the provider could not be reached, or failed, in contrast to a response that is not valid. */
export function isOutage(thrown: unknown): boolean {
  if (thrown instanceof ClientError)
    return thrown.code === 'OAUTH_TIMEOUT' || thrown.code === 'OAUTH_RESPONSE_IS_NOT_CONFORM';
  // What fetch throws when there is no connection.
  return thrown instanceof TypeError && thrown.message === 'fetch failed';
}
