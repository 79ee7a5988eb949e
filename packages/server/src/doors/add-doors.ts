import type { Session } from '../people/identity/session-cache.ts';
import type { Database } from '../platform/database/database.ts';
import type { SettingTables } from '../platform/database/setting-tables.ts';
import type { HttpServer } from '../platform/http/http-server.ts';
import type { StorageWatch } from '../platform/storage/storage-watch.ts';
import { addComfyV2Door } from './comfy-v2/comfy-v2-door.ts';
import { addLiveDoor } from './live/live-door.ts';
import type { NativeDeps } from './native/native-deps.ts';
import { addNativeDoor } from './native/native-door.ts';
import { addApiDocument } from './ops/api-document.ts';
import { addOpsDoor } from './ops/ops-door.ts';

export interface DoorDeps extends NativeDeps {
  db: Database<SettingTables>;
  storage: Pick<StorageWatch, 'state' | 'freeBytes'>;
  version: string;
  /** Folder of the built page; null when it was not built. */
  clientFolder: string | null;
  /** See `ClientPages`. */
  namesData?: boolean;
  /**
   * The session of requests without a bearer when `auth.enable_client_auth` is off (null while it is not known yet);
   * null when authentication is on.
   */
  anonymous: (() => Session | null) | null;
}

/** Every door of the main listener: the API document first, as it describes the routes that follow. */
export async function addDoors(app: HttpServer, deps: DoorDeps): Promise<void> {
  const { server } = deps.config.current;
  const authentication = { anonymous: deps.anonymous };
  await addApiDocument(app, { version: deps.version, isOpen: deps.anonymous !== null });
  await addNativeDoor(app, deps, authentication);
  await addComfyV2Door(app, deps, authentication);
  await addLiveDoor(app, deps, server);
  await addOpsDoor(app, deps, authentication);
}
