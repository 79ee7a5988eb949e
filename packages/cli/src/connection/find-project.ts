import { isUuid, type Project } from '@comfleet/contract';
import { type Comfleet, ComfleetError } from '@comfleet/sdk';
import { findNamed, UnknownNameError } from './find-named.ts';

/**
 * A project by its id, or by its name or the beginning of its id: among those of the caller, then, for whoever sees every project,
 * among all. Throws PROJECT_NOT_FOUND with the nearest name.
 */
export async function findProject(
  comfleet: Comfleet,
  idOrName: string,
  signal: AbortSignal,
): Promise<Project> {
  if (isUuid(idOrName)) return await comfleet.projects.load(idOrName, { signal });
  const find = (projects: readonly Project[]) =>
    findNamed(projects, idOrName, {
      what: 'project',
      code: 'PROJECT_NOT_FOUND',
      read: ({ project_id: id, name }) => ({ id, name }),
    });
  try {
    return find(await comfleet.projects.list({ signal }));
  } catch (error) {
    const all = error instanceof UnknownNameError ? await listAll(comfleet, signal) : null;
    if (all === null) throw error;
    return find(all);
  }
}

/** Lists every project; null for a caller who may not see them. */
async function listAll(comfleet: Comfleet, signal: AbortSignal): Promise<Project[] | null> {
  try {
    return await comfleet.projects.list({ all: true, signal });
  } catch (error) {
    if (error instanceof ComfleetError && error.code === 'FORBIDDEN') return null;
    throw error;
  }
}

/** The id of the project that a flag names, undefined for none. */
export async function findProjectId(
  comfleet: Comfleet,
  idOrName: string | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  return idOrName === undefined ? undefined : (await findProject(comfleet, idOrName, signal)).project_id;
}
