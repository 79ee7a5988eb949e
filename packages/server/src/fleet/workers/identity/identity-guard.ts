import type { WorkerId } from '@comfleet/contract';
import type { Logger } from '../../../platform/logging/logger.ts';
import { compareIdentities, readIdentity, type ServerIdentity } from './server-identity.ts';
import type { WorkerIdentities } from './worker-identities.ts';

export interface GuardDeps {
  workerId: WorkerId;
  url: string;
  identities: WorkerIdentities;
  logger: Logger;
}

/** Knows which ComfyUI stood on a worker's address at first contact, across restarts of ours, and tells another one (A17). */
export class IdentityGuard {
  readonly #deps: GuardDeps;
  /** Undefined until asked of SQL; null when none is remembered. */
  #expected: ServerIdentity | null | undefined;

  constructor(deps: GuardDeps) {
    this.#deps = deps;
  }

  /** What differs when another server answers, else nothing; the first one to answer is remembered. */
  async compare(argv: readonly string[]): Promise<readonly string[]> {
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
      // Without its database the program starts nothing anyway; the next check asks again.
      this.#deps.logger.warn('worker.identity_unknown', { error: thrown });
      return [];
    }
  }

  /** Forgets the former server: the one that answers next is the right one. */
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
