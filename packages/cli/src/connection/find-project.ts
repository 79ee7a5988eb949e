import { isUuid, type Project } from '@comfleet/contract';
import type { Comfleet } from '@comfleet/sdk';
import { findNamed } from './find-named.ts';

/**
 * A project by its id, or by its name or the beginning of its id among those of the caller. Throws PROJECT_NOT_FOUND with the
 * nearest name.
 */
export async function findProject(
  comfleet: Comfleet,
  idOrName: string,
  signal: AbortSignal,
): Promise<Project> {
  // Whoever sees every project has those of others by their id.
  if (isUuid(idOrName)) return await comfleet.projects.load(idOrName, { signal });
  return findNamed(await comfleet.projects.list({ signal }), idOrName, {
    what: 'project',
    code: 'PROJECT_NOT_FOUND',
    read: ({ project_id: id, name }) => ({ id, name }),
  });
}

/** The id of the project that a flag names, undefined for none. */
export async function findProjectId(
  comfleet: Comfleet,
  idOrName: string | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  return idOrName === undefined ? undefined : (await findProject(comfleet, idOrName, signal)).project_id;
}
