import type { DatabaseConfig } from '../platform/database/settings.ts';
import type { StorageState } from '../platform/storage/storage-state.ts';
import type { SayStart } from './say-start.ts';

/** Text for the terminal when the server can no longer store data, or can again. */
export function describeStorage(
  say: SayStart,
  state: StorageState,
  { dataDir: folder, database }: { dataDir: string; database: DatabaseConfig },
): string {
  switch (state.kind) {
    case 'ok':
      return say('start.storage_well');
    case 'full':
      return say('start.storage_full', { folder });
    case 'unwritable':
      return say('start.storage_unwritable', { folder, reason: state.reason });
    case 'damaged':
      return say('start.database_damaged', { file: nameDatabase(database) });
    case 'log_lost':
      return say('start.log_lost', { reason: state.reason });
    default: {
      const unknownState: never = state;
      return unknownState;
    }
  }
}

function nameDatabase(database: DatabaseConfig): string {
  return database.driver === 'sqlite' ? database.file : `${database.driver} ${database.database}`;
}
