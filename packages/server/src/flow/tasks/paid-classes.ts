import { parseRequirements, type TaskRequirements } from './requirements.ts';
import type { TaskRow } from './task-tables.ts';

/** True when the task has nodes that cost money each time they run, as far as workers have reported. */
export function isPaid({ requirements }: Pick<TaskRow, 'requirements'>): boolean {
  const { paidClasses = [] } = parseRequirements(requirements);
  return paidClasses.length > 0;
}

/**
 * Adds the paid classes that the chosen worker reports to the stored needs of a task; null when nothing changes. A class that was
 * unknown at acceptance counts as one that feeds an output.
 */
export function addPaidClasses(stored: string, isPaidThere: (classType: string) => boolean): string | null {
  const needs: TaskRequirements = parseRequirements(stored);
  const { paidClasses = [], idlePaidClasses = [], classTypes } = needs;
  const known = new Set([...paidClasses, ...idlePaidClasses]);
  const added = classTypes.filter((classType) => !known.has(classType) && isPaidThere(classType));
  return added.length === 0
    ? null
    : JSON.stringify({ ...needs, paidClasses: [...paidClasses, ...added].sort() });
}
