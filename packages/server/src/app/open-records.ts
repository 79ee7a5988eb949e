import { join, relative } from 'node:path';
import type { BlobStore } from '../flow/assets/blob-store.ts';
import { openFolderBlobs } from '../flow/assets/folder-blob-store.ts';
import { openSecrets } from '../platform/config/secrets-file.ts';
import type { Database } from '../platform/database/database.ts';
import { openDatabase } from '../platform/database/open-database.ts';
import { openProcessLock } from '../platform/database/process-lock.ts';
import { openGeneration } from '../platform/database/stored-settings.ts';
import type { Scope } from '../platform/lifecycle/scope.ts';
import { Sealer } from '../platform/secrets/sealer.ts';
import { closeFolder, makeFolder } from '../platform/storage/make-folder.ts';
import { openStorageWatch, type StorageWatch } from '../platform/storage/storage-watch.ts';
import type { AppOptions, Basics } from './app.ts';
import type { Config } from './settings.ts';
import type { Tables } from './tables.ts';

export interface Records {
  database: Database<Tables>;
  /** Signs links. */
  signingKey: Uint8Array;
  /** Encrypts secrets in the database. */
  sealer: Sealer;
  storage: StorageWatch;
}

/** Callbacks of the caller. */
type AppEvents = Pick<AppOptions, 'onLost' | 'logProblem' | 'onStorage'>;

/** Opens the data folder's lock, the database of this start, and the keys. `onLost`: another process took over the data. */
export async function openRecords(
  scope: Scope,
  config: Config,
  { clock, random, logger, onLost, logProblem, onStorage }: Basics & AppEvents,
): Promise<Records> {
  const { database: place, dataDir, comfyui, auth } = config;
  for (const folder of [dataDir, comfyui.inputDir]) await makeFolder(folder);
  await makeFolder(comfyui.outputDir, comfyui.outputModes?.folder);
  if (!(await closeFolder(dataDir, toPassage(config)))) logger.warn('data.not_private', { folder: dataDir });
  const lock = await openProcessLock(scope, place, { clock, logger, onLost });
  const storage = openStorageWatch(scope, {
    ...{ clock, logger, logProblem, onChange: onStorage },
    folders: [dataDir, comfyui.outputDir],
  });
  const database = storage.follow(await openDatabase(scope, config, { clock, random, logger }));
  lock.remember(await openGeneration(database));
  const { signingKey, sealingKey } = await openSecrets(dataDir, random, auth.secretKey);
  return { database, storage, signingKey, sealer: new Sealer(sealingKey) };
}

/** Rights of others on the data folder: to pass through it if it holds outputs that they may read, never to list it. */
function toPassage({ dataDir, comfyui: { outputDir, outputModes } }: Config): number {
  const isOnTheWay = !relative(dataDir, outputDir).startsWith('..');
  return 0o700 | (isOnTheWay && outputModes ? outputModes.folder & 0o011 : 0);
}

/** Opens the store of uploads and results in the data folder. */
export function openBlobs(scope: Scope, config: Config, { clock, createId, platform }: Basics): BlobStore {
  return openFolderBlobs(scope, {
    folder: join(config.dataDir, 'blobs'),
    durability: config.durability,
    syncsFolders: platform.syncsFolders,
    linkModes: config.comfyui.outputModes,
    createName: () => createId(),
    nowMs: () => clock.nowMs(),
  });
}
