import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Comfleet, ComfleetError } from '@comfleet/sdk';

/** Where `npm start` keeps its data. */
export const dataFolder = resolve(process.env.COMFLEET_DATA ?? '.comfleet');

/**
 * The Comfleet of COMFLEET_URL and COMFLEET_TOKEN, else the one that `npm start` runs here: it writes a credential to its
 * data folder. Null if none responds.
 */
export async function findComfleet() {
  const found = await findCredential();
  if (found === null) return null;
  const comfleet = new Comfleet(found);
  try {
    await comfleet.service.health({ timeoutMs: 5000 });
  } catch (error) {
    if (error instanceof ComfleetError && error.code === 'UNREACHABLE') return null; // it has ended
    throw error;
  }
  return comfleet;
}

/** @returns {Promise<{ url: string, token: string } | null>} */
async function findCredential() {
  const { COMFLEET_URL: url, COMFLEET_TOKEN: token } = process.env;
  if (url && token) return { url, token };
  try {
    return JSON.parse(await readFile(join(dataFolder, 'credential.json'), 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
