import type { Session } from '../people/identity/session-cache.ts';
import type { Database } from '../platform/database/database.ts';
import type { SettingTables } from '../platform/database/setting-tables.ts';
import type { HttpServer } from '../platform/http/http-server.ts';
import type { StorageWatch } from '../platform/storage/storage-watch.ts';
import { createAuditedObjects } from './audited-objects.ts';
import { addComfyV2Door } from './comfy-v2/comfy-v2-door.ts';
import { addLiveDoor } from './live/live-door.ts';
import type { NativeDeps } from './native/native-deps.ts';
import { addNativeDoor } from './native/native-door.ts';
import { addApiDocument } from './ops/api-document.ts';
import { addOpsDoor } from './ops/ops-door.ts';

export interface DoorDeps extends NativeDeps {
  db: Database<SettingTables>;
  storage: Pick<StorageWatch, 'state' | 'freeBytes'>;
  /** Folder of the built page; null if it was not built. */
  clientFolder: string | null;
  /** See `ClientPages`. */
  namesData?: boolean;
  /**
   * The session of requests without a token if `auth.enable_client_auth` is off (null until it is known); null if
   * authentication is on.
   */
  anonymous: (() => Session | null) | null;
}

/** Adds every door of the main listener; the API document first, as it describes the later routes. */
export async function addDoors(app: HttpServer, deps: DoorDeps): Promise<void> {
  const { server } = deps.config.current;
  const { anonymous, limits } = deps;
  const authentication = { anonymous, limits };
  await addApiDocument(app, { isOpen: anonymous !== null, limits });
  const objects = createAuditedObjects(deps);
  await addNativeDoor(app, deps, { ...authentication, objects });
  await addComfyV2Door(app, { ...deps, objects }, authentication);
  await addLiveDoor(app, deps, server);
  await addOpsDoor(app, deps, authentication);
}
