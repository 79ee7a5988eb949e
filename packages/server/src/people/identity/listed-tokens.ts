import type { ApiKey, ListedSession, NamedToken } from '@comfleet/contract';
import type { Session } from './session-cache.ts';
import { type ListedTokenRow, readScopes } from './token-statements.ts';

/** A session as its owner sees it, who asks with `asking`. */
export function toListedSession(row: ListedTokenRow, asking: Session): ListedSession {
  return {
    session_id: row.id,
    kind: row.purpose === 'browser' ? 'browser' : 'program',
    ...toTimes(row),
    last_used_at: toTime(row.last_used_at),
    address: row.address,
    user_agent: row.user_agent,
    current: row.id === asking.tokenId,
  };
}

export function toApiKey(row: ListedTokenRow): ApiKey {
  return {
    key_id: row.id,
    scopes: readScopes(row.scopes) ?? [],
    ...toNamed(row),
  };
}

export function toNamedToken(row: ListedTokenRow): NamedToken {
  return { token_id: row.id, ...toNamed(row) };
}

function toNamed(row: ListedTokenRow): Omit<NamedToken, 'token_id'> {
  return {
    name: row.name ?? '',
    owner_id: row.principal_id,
    owner_name: row.owner_name,
    ...toTimes(row),
    last_used_at: toTime(row.last_used_at),
  };
}

function toTimes(row: ListedTokenRow): { created_at: string; expires_at: string | null } {
  return { created_at: new Date(row.created_at).toISOString(), expires_at: toTime(row.expires_at) };
}

function toTime(atMs: number | null): string | null {
  return atMs === null ? null : new Date(atMs).toISOString();
}
