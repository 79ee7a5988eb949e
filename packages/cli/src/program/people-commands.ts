import type { Command } from 'commander';
import type { AuditFlags } from '../commands/audit.ts';
import { choice, duration, whole } from './flags.ts';
import type { ProgramParts } from './program-parts.ts';
import { addInvitationCommands } from './token-commands.ts';

/** Adds the commands about people: users, and the programs that act for them. */
export function addPeopleCommands(program: Command, parts: ProgramParts): void {
  addUserCommands(program, parts);
  addClientCommands(program, parts);
  addAuditCommand(program, parts);
}

function addAuditCommand(program: Command, { run, say }: ProgramParts): void {
  program
    .command('audit')
    .description(say('help.audit'))
    .option('--actor <name>', say('flag.audit_actor'))
    .option('--action <action>', say('flag.audit_action'))
    .option('--object <name>', say('flag.audit_object'))
    .option('--denied', say('flag.audit_denied'))
    .option('--since <time>', say('flag.since'), duration)
    .option('--limit <count>', say('flag.count'), whole(1, 100_000), 50)
    .option('--export <format>', say('flag.audit_export'), choice('csv', 'jsonl'))
    .action(async (flags: AuditFlags, command: Command) => {
      await run(command, async (context) => (await import('../commands/audit.ts')).listAudit(context, flags));
    });
}

function addUserCommands(program: Command, { run, say }: ProgramParts): void {
  const users = program.command('users').description(say('help.users'));
  users
    .command('list')
    .description(say('help.users.list'))
    .action(async (_flags: object, command: Command) => {
      await run(command, async (context) => (await import('../commands/users.ts')).listUsers(context));
    });
  users
    .command('add <name>')
    .description(say('help.users.add'))
    .option('--role <role>', say('flag.role'))
    .action(async (name: string, flags: { role?: string }, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/users.ts')).addUser(context, name, flags),
      );
    });
  users
    .command('role <user> <role>')
    .description(say('help.users.role'))
    .action(async (user: string, role: string, _flags: object, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/users.ts')).setUserRole(context, user, role),
      );
    });
  users
    .command('link <user> <issuer> <subject>')
    .description(say('help.users.link'))
    .action(
      async (user: string, issuer: string, subject: string, ...[_flags, command]: [object, Command]) => {
        await run(command, async (context) =>
          (await import('../commands/users.ts')).linkUser(context, user, { issuer, subject }),
        );
      },
    );
  for (const [name, act] of [
    ['unlink', 'unlinkUser'],
    ['reset', 'resetUser'],
    ['disable', 'disableUser'],
    ['enable', 'enableUser'],
  ] as const) {
    users
      .command(`${name} <user>`)
      .description(say(`help.users.${name}`))
      .action(async (user: string, _flags: object, command: Command) => {
        await run(command, async (context) => (await import('../commands/users.ts'))[act](context, user));
      });
  }
}

function addClientCommands(program: Command, { run, say }: ProgramParts): void {
  const clients = program.command('clients').description(say('help.clients'));
  clients
    .command('register <name>')
    .description(say('help.clients.register'))
    .option('--description <text>', say('flag.client_description'))
    .option('--invitation <code>', say('flag.invitation'))
    .action(async (name: string, flags: { description?: string; invitation?: string }, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/clients.ts')).registerClient(context, name, flags),
      );
    });
  clients
    .command('list')
    .description(say('help.clients.list'))
    .action(async (_flags: object, command: Command) => {
      await run(command, async (context) => (await import('../commands/clients.ts')).listClients(context));
    });
  clients
    .command('revoke <client>')
    .description(say('help.clients.revoke'))
    .action(async (id: string, _flags: object, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/clients.ts')).revokeClient(context, id),
      );
    });
  clients
    .command('rotate <client>')
    .description(say('help.clients.rotate'))
    .action(async (id: string, _flags: object, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/clients.ts')).rotateClient(context, id),
      );
    });
  addInvitationCommands(clients, { run, say });
  clients
    .command('grant <client> [grants...]')
    .description(say('help.clients.grant'))
    .action(async function (this: Command, id: string, grants: string[]) {
      await run(this, async (context) =>
        (await import('../commands/clients.ts')).grantClient(context, id, grants),
      );
    });
}
