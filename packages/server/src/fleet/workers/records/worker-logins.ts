import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '../../../platform/logging/logger.ts';
import type { Sealer } from '../../../platform/secrets/sealer.ts';
import type { WorkerAccess } from '../worker-access.ts';
import type { WorkerSettings } from '../worker-spec.ts';

/** Settings of a worker that are stored sealed. */
export type Secret = 'auth' | 'headers';

/** Logins by the worker's source, and as changed by an admin. */
export interface Logins {
  readonly spec: Pick<WorkerAccess, Secret>;
  readonly overrides: Pick<WorkerSettings, Secret>;
}

const NO_LOGINS: Logins = { spec: { auth: null, headers: {} }, overrides: {} };

/** Seals the logins of workers for storage: one text in base64, null for none. */
export class WorkerLogins {
  readonly #sealer: Sealer;
  readonly #logger: Logger;

  constructor(sealer: Sealer, logger: Logger) {
    this.#sealer = sealer;
    this.#logger = logger;
  }

  seal(logins: Logins): string | null {
    if (isDeepStrictEqual(logins, NO_LOGINS)) return null;
    return Buffer.from(this.#sealer.seal(JSON.stringify(logins))).toString('base64');
  }

  /** Opens stored logins. With another key than before the worker has none, and its check reports that it requires one. */
  open(worker: string, sealed: string | null): Logins {
    if (sealed === null) return NO_LOGINS;
    try {
      return JSON.parse(this.#sealer.open(Buffer.from(sealed, 'base64'))) as Logins;
    } catch (thrown) {
      this.#logger.warn('worker.login_lost', { worker, error: thrown });
      return NO_LOGINS;
    }
  }
}
