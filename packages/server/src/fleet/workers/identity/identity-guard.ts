import type { WorkerId } from '@comfleet/contract';
import type { FleetText } from '@comfleet/contract/texts/fleet';
import type { Logger } from '../../../platform/logging/logger.ts';
import { compareIdentities, readIdentity, type ServerIdentity } from './server-identity.ts';
import type { WorkerIdentities } from './worker-identities.ts';

export interface GuardDeps {
  workerId: WorkerId;
  url: string;
  identities: WorkerIdentities;
  logger: Logger;
}

/** Remembers which ComfyUI first answered at a worker's address, across our restarts, and detects another one (A17). */
export class IdentityGuard {
  readonly #deps: GuardDeps;
  /** Undefined until loaded from SQL; null when none is stored. */
  #expected: ServerIdentity | null | undefined;

  constructor(deps: GuardDeps) {
    this.#deps = deps;
  }

  /** Returns the differences when another server answers, else none. The first server that answers is stored. */
  async compare(argv: readonly string[]): Promise<readonly FleetText[]> {
    const found = readIdentity(argv);
    if (found === null) return [];
    try {
      const expected = await this.#load();
      if (expected === null) {
        await this.#remember(found);
        return [];
      }
      return compareIdentities(expected, found);
    } catch (thrown) {
      // Without the database nothing is placed anyway; the next check tries again.
      this.#deps.logger.warn('worker.identity_unknown', { error: thrown });
      return [];
    }
  }

  /** Forgets the server: the next one that answers is accepted. */
  async forget(): Promise<void> {
    await this.#deps.identities.remove(this.#deps.workerId);
    this.#expected = null;
  }

  async #load(): Promise<ServerIdentity | null> {
    const { identities, workerId, url } = this.#deps;
    if (this.#expected === undefined) this.#expected = await identities.find(workerId, url);
    return this.#expected;
  }

  async #remember(found: ServerIdentity): Promise<void> {
    const { identities, workerId, url } = this.#deps;
    await identities.save(workerId, url, found);
    this.#expected = found;
  }
}
