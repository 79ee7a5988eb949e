import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isSampleSecret } from '../../platform/config/sample-secret.ts';
import { AppError } from '../../platform/errors/app-error.ts';
import type { Random } from '../../platform/time/clock.ts';
import { drawPassword } from './passwords.ts';
import type { Users } from './users.ts';

const FILE_NAME = 'admin-password';
const NAME = 'admin';

/** What the first start made. */
export interface FirstAdmin {
  readonly name: string;
  /** Null if it came from the environment. */
  readonly password: string | null;
  /** With mode 0600, until the password is replaced; null if there is none. */
  readonly file: string | null;
}

/**
 * Creates the first admin if there is no user yet, with `password` (COMFLEET_ADMIN_PASSWORD) or a drawn one that is
 * returned once and kept in a file. Returns null if there are users. Throws CONFIG_INVALID for a password that is refused.
 */
export async function openFirstAdmin(
  { users, random }: { users: Users; random: Random },
  dataDir: string,
  password: string | undefined,
): Promise<FirstAdmin | null> {
  if (await users.hasAny()) return null;
  if (password === undefined) {
    const drawn = drawPassword(random);
    const file = join(dataDir, FILE_NAME);
    // Written first: a crash in between must not lose the only password.
    await writePrivate(file, `${NAME}\n${drawn}\n`);
    await users.create({ name: NAME, role: 'admin', password: drawn });
    return { name: NAME, password: drawn, file };
  }
  try {
    if (isSampleSecret(password)) throw new AppError('PASSWORD_REFUSED', { reason: 'common' });
    await users.create({ name: NAME, role: 'admin', password });
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.code !== 'PASSWORD_REFUSED') throw thrown;
    throw new AppError('ADMIN_PASSWORD_REFUSED', thrown.details);
  }
  return { name: NAME, password: null, file: null };
}

/** Removes the file with the first password once that password was replaced. */
export function createFirstPasswordRemoval(dataDir: string): (login: string) => Promise<void> {
  return async (login) => {
    if (login === NAME) await rm(join(dataDir, FILE_NAME), { force: true });
  };
}

async function writePrivate(file: string, text: string): Promise<void> {
  const handle = await open(file, 'w', 0o600);
  try {
    await handle.chmod(0o600);
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
