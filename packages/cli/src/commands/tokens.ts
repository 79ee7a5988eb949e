import { type ApiKey, type ListedSession, type NamedToken, PERMISSIONS } from '@comfleet/contract';
import { findNamed } from '../connection/find-named.ts';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { formatTable, toPlainText } from '../output/table.ts';
import { pickOne } from '../parameters/pick-one.ts';
import type { CliTexts } from '../texts/cli-texts.ts';

export interface KeyFlags {
  readonly scope?: readonly string[];
  /** Seconds. */
  readonly expires?: number;
}

export interface ExpiryFlags {
  /** Seconds. */
  readonly expires?: number;
}

/** `comfleet sessions list`. */
export async function listSessions(context: CommandContext): Promise<number> {
  const comfleet = await context.connect();
  const sessions = await comfleet.sessions.list({ signal: context.terminal.signal });
  context.show({ sessions }, () => formatSessions(sessions, context.texts));
  return EXIT.ok;
}

/** `comfleet sessions end`. */
export async function endSession(context: CommandContext, id: string): Promise<number> {
  const comfleet = await context.connect();
  const { signal } = context.terminal;
  const session = findNamed(await comfleet.sessions.list({ signal }), id, {
    what: 'session',
    code: 'TOKEN_NOT_FOUND',
    read: (one) => ({ id: one.session_id, name: one.session_id }),
  });
  await comfleet.sessions.end(session.session_id, { signal });
  context.show(session, () => [context.texts.say('cli.session_ended', { id: session.session_id })]);
  return EXIT.ok;
}

/** `comfleet keys list`. */
export async function listKeys(context: CommandContext, flags: { readonly all?: true }): Promise<number> {
  const comfleet = await context.connect();
  const keys = await comfleet.keys.list({ ...flags, signal: context.terminal.signal });
  context.show({ keys }, () => formatKeys(keys, context.texts));
  return EXIT.ok;
}

/** `comfleet keys add`: the key is shown this once. */
export async function addKey(context: CommandContext, name: string, flags: KeyFlags): Promise<number> {
  const scopes = flags.scope?.map((scope) => pickOne('--scope', scope, PERMISSIONS));
  const comfleet = await context.connect();
  const wanted = { name, ...(scopes && { scopes }), expires_in: flags.expires };
  const made = await comfleet.keys.create(wanted, { signal: context.terminal.signal });
  context.show(made, () => [made.key]);
  return EXIT.ok;
}

/** `comfleet keys revoke`: also of others, for who may manage people. */
export async function revokeKey(
  context: CommandContext,
  idOrName: string,
  flags: { readonly all?: true },
): Promise<number> {
  const comfleet = await context.connect();
  const { signal } = context.terminal;
  const key = findNamed(await comfleet.keys.list({ ...flags, signal }), idOrName, {
    what: 'key',
    code: 'TOKEN_NOT_FOUND',
    read: ({ key_id: id, name }) => ({ id, name }),
  });
  await comfleet.keys.revoke(key.key_id, { signal });
  context.show(key, () => [context.texts.say('cli.token_revoked', { name: toPlainText(key.name) })]);
  return EXIT.ok;
}

/** `comfleet clients invite`: the code is shown this once. */
export async function inviteClient(
  context: CommandContext,
  name: string,
  { expires }: ExpiryFlags,
): Promise<number> {
  const comfleet = await context.connect();
  const options = { signal: context.terminal.signal };
  const made = await comfleet.invitations.create({ name, expires_in: expires }, options);
  context.show(made, () => [made.invitation]);
  return EXIT.ok;
}

/** `comfleet clients invitations`. */
export async function listInvitations(context: CommandContext): Promise<number> {
  const comfleet = await context.connect();
  const invitations = await comfleet.invitations.list({ signal: context.terminal.signal });
  context.show({ invitations }, () => formatNamed(invitations, context.texts));
  return EXIT.ok;
}

/** `comfleet clients revoke-invitation`. */
export async function revokeInvitation(context: CommandContext, idOrName: string): Promise<number> {
  const { invitations } = await context.connect();
  return revokeNamed(context, { calls: invitations, what: 'invitation', requested: idOrName });
}

/** `comfleet join-tokens list`. */
export async function listJoinTokens(context: CommandContext): Promise<number> {
  const comfleet = await context.connect();
  const tokens = await comfleet.joinTokens.list({ signal: context.terminal.signal });
  context.show({ join_tokens: tokens }, () => formatNamed(tokens, context.texts));
  return EXIT.ok;
}

/** `comfleet join-tokens add`: the token is shown this once. */
export async function addJoinToken(
  context: CommandContext,
  name: string,
  { expires }: ExpiryFlags,
): Promise<number> {
  const comfleet = await context.connect();
  const options = { signal: context.terminal.signal };
  const made = await comfleet.joinTokens.create({ name, expires_in: expires }, options);
  context.show(made, () => [made.join_token]);
  return EXIT.ok;
}

/** `comfleet join-tokens revoke`. */
export async function revokeJoinToken(context: CommandContext, idOrName: string): Promise<number> {
  const { joinTokens } = await context.connect();
  return revokeNamed(context, { calls: joinTokens, what: 'join_token', requested: idOrName });
}

interface NamedCalls {
  list(options: { signal: AbortSignal }): Promise<NamedToken[]>;
  revoke(id: string, options: { signal: AbortSignal }): Promise<void>;
}

async function revokeNamed(
  { terminal: { signal }, texts, show }: CommandContext,
  { calls, what, requested }: { calls: NamedCalls; what: 'invitation' | 'join_token'; requested: string },
): Promise<number> {
  const token = findNamed(await calls.list({ signal }), requested, {
    what,
    code: 'TOKEN_NOT_FOUND',
    read: ({ token_id: id, name }) => ({ id, name }),
  });
  await calls.revoke(token.token_id, { signal });
  show(token, () => [texts.say('cli.token_revoked', { name: toPlainText(token.name) })]);
  return EXIT.ok;
}

function formatSessions(sessions: readonly ListedSession[], texts: CliTexts): string[] {
  return formatTable(
    texts.heads('session', 'kind', 'current', 'created', 'last_used', 'expires', 'address', 'user_agent'),
    sessions.map((session) => [
      session.session_id,
      texts.name('session', session.kind),
      session.current ? texts.say('name.yes') : '-',
      session.created_at,
      session.last_used_at ?? '-',
      session.expires_at ?? '-',
      session.address ?? '-',
      toPlainText(session.user_agent ?? '-'),
    ]),
  );
}

function formatKeys(keys: readonly ApiKey[], texts: CliTexts): string[] {
  return formatTable(
    texts.heads('key', 'name', 'owner', 'scopes', 'created', 'last_used', 'expires'),
    keys.map((key) => [
      key.key_id,
      toPlainText(key.name),
      toPlainText(key.owner_name),
      key.scopes.join(',') || '-',
      key.created_at,
      key.last_used_at ?? '-',
      key.expires_at ?? '-',
    ]),
  );
}

function formatNamed(tokens: readonly NamedToken[], texts: CliTexts): string[] {
  return formatTable(
    texts.heads('token', 'name', 'owner', 'created', 'last_used', 'expires'),
    tokens.map((token) => [
      token.token_id,
      toPlainText(token.name),
      toPlainText(token.owner_name),
      token.created_at,
      token.last_used_at ?? '-',
      token.expires_at ?? '-',
    ]),
  );
}
