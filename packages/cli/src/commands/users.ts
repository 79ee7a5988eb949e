import { type OidcAccount, ROLES, type User, type UserPassword } from '@comfleet/contract';
import type { Comfleet } from '@comfleet/sdk';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { formatTable, toPlainText } from '../output/table.ts';
import { pickOne } from '../parameters/pick-one.ts';
import type { CliTexts } from '../texts/cli-texts.ts';

function formatUsers(users: readonly User[], texts: CliTexts): string[] {
  return formatTable(
    texts.heads('user', 'role', 'provider', 'created', 'last_sign_in', 'disabled'),
    users.map((user) => [
      toPlainText(user.username),
      user.role,
      user.oidc === null ? '-' : toPlainText(user.oidc.issuer.replace(/^https?:\/\//, '')),
      user.created_at,
      user.last_sign_in_at ?? '-',
      user.disabled_at ?? '-',
    ]),
  );
}

/** `comfleet users list`. */
export async function listUsers(context: CommandContext): Promise<number> {
  const comfleet = await context.connect();
  const users = await comfleet.users.list({ signal: context.terminal.signal });
  context.show({ users }, () => formatUsers(users, context.texts));
  return EXIT.ok;
}

/** `comfleet users add`: the password is shown this once. */
export async function addUser(
  context: CommandContext,
  name: string,
  flags: { readonly role?: string },
): Promise<number> {
  const role = flags.role === undefined ? 'member' : pickOne('--role', flags.role, ROLES);
  const comfleet = await context.connect();
  showPassword(context, await comfleet.users.add(name, { role, signal: context.terminal.signal }));
  return EXIT.ok;
}

/** `comfleet users reset`: the new password is shown this once; what the user was signed in with ends. */
export async function resetUser(context: CommandContext, user: string): Promise<number> {
  const comfleet = await context.connect();
  showPassword(context, await comfleet.users.reset(user, { signal: context.terminal.signal }));
  return EXIT.ok;
}

/** `comfleet users role`. */
export function setUserRole(context: CommandContext, user: string, name: string): Promise<number> {
  const role = pickOne('<role>', name, ROLES);
  return change(context, (users, options) => users.setRole(user, role, options));
}

/** `comfleet users link`: from now on the user signs in through the provider alone. */
export function linkUser(context: CommandContext, user: string, account: OidcAccount): Promise<number> {
  return change(context, (users, options) => users.link(user, account, options));
}

/** `comfleet users unlink`: `users reset` gives it a password then. */
export function unlinkUser(context: CommandContext, user: string): Promise<number> {
  return change(context, (users, options) => users.unlink(user, options));
}

/** `comfleet users disable`. */
export function disableUser(context: CommandContext, user: string): Promise<number> {
  return change(context, (users, options) => users.disable(user, options));
}

/** `comfleet users enable`. */
export function enableUser(context: CommandContext, user: string): Promise<number> {
  return change(context, (users, options) => users.enable(user, options));
}

async function change(
  context: CommandContext,
  apply: (users: Comfleet['users'], options: { signal: AbortSignal }) => Promise<User>,
): Promise<number> {
  const comfleet = await context.connect();
  const user = await apply(comfleet.users, { signal: context.terminal.signal });
  context.show(user, () => formatUsers([user], context.texts));
  return EXIT.ok;
}

function showPassword(context: CommandContext, user: UserPassword): void {
  context.show(user, () => [
    context.texts.say('users.name', { name: user.username, role: user.role }),
    ...(user.password === null ? [] : [context.texts.say('users.password', { password: user.password })]),
  ]);
}
