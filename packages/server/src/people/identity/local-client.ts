import { mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { readRegularFile } from '@comfleet/comfyui/node';
import { parseId } from '@comfleet/contract';
import { z } from 'zod';
import type { Database } from '../../platform/database/database.ts';
import { AppError, toError } from '../../platform/errors/app-error.ts';
import type { Clock, Random } from '../../platform/time/clock.ts';
import { commitAll } from './commit-all.ts';
import { drawToken } from './draw-token.ts';
import type { Identity } from './identity.ts';
import type { IdentityTables } from './identity-tables.ts';
import { createPrincipal, type Principal } from './principal.ts';
import { findPrincipal, readPrincipal, updateSecret } from './principal-statements.ts';
import { drawSecret, hashSecret } from './secret.ts';
import { deleteSetting, findSetting, insertSetting } from './setting-statements.ts';
import { deleteTokensOf, insertToken } from './token-statements.ts';

const SETTING = 'local_client';
const FILE_NAME = 'credential.json';

const credentialSchema = z.object({
  url: z.string(),
  client_id: z.string(),
  client_secret: z.string(),
  token: z.string(),
});
type Credential = z.infer<typeof credentialSchema>;

export interface LocalClient {
  principal: Principal;
  /** Does not expire; revoke the client to end it. */
  token: string;
  /** `credential.json` with mode 0600: whoever can read it acts as the owner of this machine. */
  file: string;
  wasCreated: boolean;
}

interface Deps {
  db: Database<IdentityTables>;
  identity: Identity;
  clock: Clock;
  random: Random;
}

/**
 * Opens the client of the machine's owner: an admin that may run raw graphs. Created at the first start, found later by its
 * credential file, and given new secrets if that file is lost. Each start writes `url` again.
 */
export async function openLocalClient(deps: Deps, dataDir: string, url: string): Promise<LocalClient> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const file = join(dataDir, FILE_NAME);
  const known = await findKnown(deps, await readCredential(file));
  const { principal, credential } = known ?? (await renewCredential(deps));
  await writeCredential(file, { ...credential, url });
  return { principal, token: credential.token, file, wasCreated: known === null };
}

type Found = { principal: Principal; credential: Credential };

async function findKnown({ identity }: Deps, credential: Credential | null): Promise<Found | null> {
  if (!credential) return null;
  try {
    const { principal } = await identity.sessions.authenticate(credential.token);
    return { principal, credential };
  } catch (thrown) {
    // A revoked token, or one of another database: new secrets are created.
    if (thrown instanceof AppError && thrown.code === 'UNAUTHORIZED') return null;
    throw thrown;
  }
}

async function renewCredential(deps: Deps): Promise<Found> {
  const { db, identity } = deps;
  const { principal, secret } = (await renewSecret(deps)) ?? (await createLocal(identity));
  const token = drawToken(deps, {
    kind: 'token',
    purpose: 'access',
    principalId: principal.id,
    lifetimeMs: null,
  });
  await commitAll(db, [
    deleteTokensOf(db, principal.id),
    insertToken(db, token.row),
    deleteSetting(db, SETTING),
    insertSetting(db, SETTING, principal.id),
  ]);
  identity.sessions.recheck();
  return {
    principal,
    credential: { url: '', client_id: principal.id, client_secret: secret, token: token.text },
  };
}

/** Replaces the secret of the local client in the database; null if there is none or it is revoked. */
async function renewSecret({
  db,
  clock,
  random,
}: Deps): Promise<{ principal: Principal; secret: string } | null> {
  const id = parseId<'principal'>((await findSetting(db, SETTING)) ?? '');
  const row = id === null ? null : await findPrincipal(db, id);
  if (!row || row.revoked_at !== null) return null;
  const principal = createPrincipal(readPrincipal(row));
  const secret = drawSecret('secret', random);
  const outcome = await db.commit([
    updateSecret(db, principal.id, { hash: hashSecret(secret), nowMs: clock.nowMs() }),
  ]);
  return outcome.kind === 'committed' ? { principal, secret } : null;
}

async function createLocal(identity: Identity): Promise<{ principal: Principal; secret: string }> {
  const { client, secret } = await identity.clients.create({
    name: 'local',
    description: 'Whoever can read credential.json on this machine.',
    role: 'admin',
    grants: ['admin', 'raw_graph'],
  });
  return { principal: createPrincipal({ ...client, kind: 'client' }), secret };
}

async function readCredential(file: string): Promise<Credential | null> {
  let text: string;
  try {
    text = (await readRegularFile(file, { maxBytes: 65_536 })).toString('utf8');
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return null;
    throw toError(thrown);
  }
  try {
    return credentialSchema.parse(JSON.parse(text));
  } catch {
    // A damaged file proves nothing: new secrets are created.
    return null;
  }
}

async function writeCredential(file: string, credential: Credential): Promise<void> {
  const draft = `${file}.new`;
  const handle = await open(draft, 'w', 0o600);
  try {
    await handle.chmod(0o600);
    await handle.writeFile(`${JSON.stringify(credential, null, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, file);
}
