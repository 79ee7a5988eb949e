import { type Placement, plainText } from '@comfleet/contract';
import type { TaskText } from '@comfleet/contract/texts/tasks';

type Waiting = NonNullable<Placement['waiting']>;

/** What the workers say to a waiting task: how many are out for which reason. */
export function describeWait({ workers, task_type_full: isTypeFull }: Waiting): TaskText {
  if (workers.length === 0) return plainText('wait.no_workers');
  if (isTypeFull) return plainText('wait.task_type_full');
  const counts = new Map<string, { reason: TaskText; count: number }>();
  for (const worker of workers) {
    const key = `${worker.reason} ${worker.missing}`;
    const known = counts.get(key);
    counts.set(key, { reason: describeRefusal(worker), count: (known?.count ?? 0) + 1 });
  }
  const reasons = [...counts.values()].map((params) => ({ code: 'wait.count', params }));
  return { code: 'wait.workers', params: { workers: workers.length, reasons } };
}

/** Why one worker does not take a task, with what it lacks. */
export function describeRefusal({
  reason,
  missing,
}: Pick<Waiting['workers'][number], 'reason' | 'missing'>): TaskText {
  if (reason === null) return plainText('wait.could_take');
  const text: TaskText = plainText(`refusal.${reason}`);
  return missing === null ? text : { code: 'wait.missing', params: { reason: text, missing } };
}
