import { chmod, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { readRegularFile } from '@comfleet/comfyui/node';
import { plainText } from '@comfleet/contract';
import { z } from 'zod';
import { AppError, toError } from '../errors/app-error.ts';
import type { Random } from '../time/clock.ts';
import { createProblem } from './config-problem.ts';

/** Keys made once at the first start, 256 bits each. */
export interface Secrets {
  /** Signs links. */
  readonly signingKey: Uint8Array;
  /** Encrypts the secrets of tasks in the database. */
  readonly sealingKey: Uint8Array;
}

const KEY = z.string().regex(/^[0-9a-f]{64}$/);
const secretsFileSchema = z.object({ signing_key: KEY, sealing_key: KEY });

/** Reads `secrets.json` of the data folder (mode 0600), or creates it. The configured `secretKey` replaces its signing key. */
export async function openSecrets(
  dataDir: string,
  random: Random,
  secretKey: string | null,
): Promise<Secrets> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const file = join(dataDir, 'secrets.json');
  const text = (await readExisting(file)) ?? (await createFile(file, random));
  const stored = parseSecrets(file, text);
  return {
    signingKey: secretKey === null ? Buffer.from(stored.signing_key, 'hex') : Buffer.from(secretKey, 'utf8'),
    sealingKey: Buffer.from(stored.sealing_key, 'hex'),
  };
}

async function readExisting(file: string): Promise<string | null> {
  try {
    const text = (await readRegularFile(file, { maxBytes: 65_536 })).toString('utf8');
    await chmod(file, 0o600);
    return text;
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return null;
    throw toError(thrown);
  }
}

async function createFile(file: string, random: Random): Promise<string> {
  const text = JSON.stringify({ signing_key: drawKey(random), sealing_key: drawKey(random) });
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  return text;
}

function drawKey(random: Random): string {
  return Buffer.from(random.bytes(32)).toString('hex');
}

function parseSecrets(file: string, text: string): z.infer<typeof secretsFileSchema> {
  try {
    return secretsFileSchema.parse(JSON.parse(text));
  } catch (thrown) {
    const problem = createProblem('', null, plainText('file.damaged'));
    throw new AppError('CONFIG_INVALID', { file, problems: [problem] }, { cause: thrown });
  }
}
