import type { Command } from 'commander';
import type { ExpiryFlags, KeyFlags } from '../commands/tokens.ts';
import { collect, duration } from './flags.ts';
import type { ProgramParts } from './program-parts.ts';

const load = () => import('../commands/tokens.ts');

/** sessions, keys, join-tokens. */
export function addTokenCommands(program: Command, parts: ProgramParts): void {
  addSessionCommands(program, parts);
  addKeyCommands(program, parts);
  addJoinTokenCommands(program, parts);
}

function addSessionCommands(program: Command, { run, say }: ProgramParts): void {
  const sessions = program.command('sessions').description(say('help.sessions'));
  sessions
    .command('list')
    .description(say('help.sessions.list'))
    .action(async (_flags: object, command: Command) => {
      await run(command, async (context) => (await load()).listSessions(context));
    });
  sessions
    .command('end <session>')
    .description(say('help.sessions.end'))
    .action(async (id: string, _flags: object, command: Command) => {
      await run(command, async (context) => (await load()).endSession(context, id));
    });
}

function addKeyCommands(program: Command, { run, say }: ProgramParts): void {
  const keys = program.command('keys').description(say('help.keys'));
  keys
    .command('list')
    .description(say('help.keys.list'))
    .option('--all', say('flag.all_keys'))
    .action(async (flags: { all?: true }, command: Command) => {
      await run(command, async (context) => (await load()).listKeys(context, flags));
    });
  keys
    .command('add <name>')
    .description(say('help.keys.add'))
    .option('--scope <permission>', say('flag.scope'), collect)
    .option('--expires <time>', say('flag.expires'), duration)
    .action(async (name: string, flags: KeyFlags, command: Command) => {
      await run(command, async (context) => (await load()).addKey(context, name, flags));
    });
  keys
    .command('revoke <key>')
    .description(say('help.keys.revoke'))
    .option('--all', say('flag.all_keys'))
    .action(async (id: string, flags: { all?: true }, command: Command) => {
      await run(command, async (context) => (await load()).revokeKey(context, id, flags));
    });
}

function addJoinTokenCommands(program: Command, { run, say }: ProgramParts): void {
  const tokens = program.command('join-tokens').description(say('help.join_tokens'));
  tokens
    .command('list')
    .description(say('help.join_tokens.list'))
    .action(async (_flags: object, command: Command) => {
      await run(command, async (context) => (await load()).listJoinTokens(context));
    });
  tokens
    .command('add <name>')
    .description(say('help.join_tokens.add'))
    .option('--expires <time>', say('flag.expires'), duration)
    .action(async (name: string, flags: ExpiryFlags, command: Command) => {
      await run(command, async (context) => (await load()).addJoinToken(context, name, flags));
    });
  tokens
    .command('revoke <token>')
    .description(say('help.join_tokens.revoke'))
    .action(async (id: string, _flags: object, command: Command) => {
      await run(command, async (context) => (await load()).revokeJoinToken(context, id));
    });
}

/** Commands of the group `clients` about invitations. */
export function addInvitationCommands(clients: Command, { run, say }: ProgramParts): void {
  clients
    .command('invite <name>')
    .description(say('help.clients.invite'))
    .option('--expires <time>', say('flag.invitation_expires'), duration)
    .action(async (name: string, flags: ExpiryFlags, command: Command) => {
      await run(command, async (context) => (await load()).inviteClient(context, name, flags));
    });
  clients
    .command('invitations')
    .description(say('help.clients.invitations'))
    .action(async (_flags: object, command: Command) => {
      await run(command, async (context) => (await load()).listInvitations(context));
    });
  clients
    .command('revoke-invitation <invitation>')
    .description(say('help.clients.revoke_invitation'))
    .action(async (id: string, _flags: object, command: Command) => {
      await run(command, async (context) => (await load()).revokeInvitation(context, id));
    });
}
