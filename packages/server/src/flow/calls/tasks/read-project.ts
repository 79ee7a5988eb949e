import { type ProjectId, parseId } from '@comfleet/contract';
import { AppError } from '../../../platform/errors/app-error.ts';
import type { Actor } from '../../ownership/actor.ts';

/**
 * Returns the project that a submission names, null for none. Throws PROJECT_NOT_FOUND unless the actor is a member, and
 * PROJECT_READ_ONLY for a viewer.
 */
export function readProject(actor: Actor, id: string | null | undefined): ProjectId | null {
  if (id === null || id === undefined) return null;
  const membership = actor.projects.find(({ projectId }) => projectId === parseId<'project'>(id));
  if (!membership) throw new AppError('PROJECT_NOT_FOUND', { project_id: id.slice(0, 100) });
  if (membership.role === 'viewer') throw new AppError('PROJECT_READ_ONLY', { project_id: id });
  return membership.projectId;
}
