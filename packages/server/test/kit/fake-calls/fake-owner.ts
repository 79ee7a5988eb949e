import type { ProjectId } from '@comfleet/contract';
import type { Actor } from '../../../src/flow/ownership/actor.ts';
import { matchesOwner, requireChangeable, visibleTo } from '../../../src/flow/ownership/owner-filter.ts';
import { AppError } from '../../../src/platform/errors/app-error.ts';
import { named } from '../named.ts';

/** The owner and the project of the fakes' task, batch and upload, and the recorded calls, in order. */
export class FakeOwner {
  id = named<'principal'>('nobody');
  projectId: ProjectId | null = null;
  readonly calls: unknown[] = [];

  /** True if the actor may see what the owner has. */
  isSeenBy(actor: Actor): boolean {
    return matchesOwner(visibleTo(actor), { owner_id: this.id, project_id: this.projectId });
  }

  /** Throws `code` for any other id, and if the actor may not see it. */
  check(
    actor: Actor,
    [id, known]: readonly [string, string],
    code: 'TASK_NOT_FOUND' | 'BATCH_NOT_FOUND' | 'ASSET_NOT_FOUND',
  ): void {
    if (id !== known || !this.isSeenBy(actor)) throw new AppError(code);
  }

  /** Throws PROJECT_READ_ONLY if the actor may see, but not change it. */
  checkChange(actor: Actor): void {
    requireChangeable(actor, { owner_id: this.id, project_id: this.projectId });
  }
}
