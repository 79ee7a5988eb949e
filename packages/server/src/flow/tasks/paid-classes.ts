import { parseRequirements, type TaskRequirements } from './requirements.ts';
import type { TaskRow } from './task-tables.ts';

/** True when the task has nodes that cost money each time they run, as far as any worker has told. */
export function isPaid({ requirements }: Pick<TaskRow, 'requirements'>): boolean {
  const { paidClasses = [] } = parseRequirements(requirements);
  return paidClasses.length > 0;
}

/**
 * The stored needs of a task with the paid classes that the worker knows which takes it now; null when they are known. A class
 * that nobody knew when the task was accepted counts as one that feeds an output.
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
