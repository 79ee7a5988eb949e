import { type Placement, plainText } from '@comfleet/contract';
import type { TaskText } from '@comfleet/contract/texts/tasks';

type Waiting = NonNullable<Placement['waiting']>;

/** Describes why a task waits: how many workers are ruled out for which reason. */
export function describeWait({ workers, full }: Waiting): TaskText {
  if (workers.length === 0) return plainText('wait.no_workers');
  if (full !== null) return plainText(`wait.${full}_full`);
  const counts = new Map<string, { reason: TaskText; count: number }>();
  for (const worker of workers) {
    const key = `${worker.reason} ${worker.missing}`;
    const known = counts.get(key);
    counts.set(key, { reason: describeRefusal(worker), count: (known?.count ?? 0) + 1 });
  }
  const reasons = [...counts.values()].map((params) => ({ code: 'wait.count', params }));
  return { code: 'wait.workers', params: { workers: workers.length, reasons } };
}

/** Reasons of unavailable workers that could otherwise run the task. */
const AWAY = new Set<Waiting['workers'][number]['reason']>([
  'offline',
  'error',
  'maintenance',
  'draining',
  'disabled',
]);
/** Reasons of workers that cannot or must not run it. */
const UNABLE = new Set<Waiting['workers'][number]['reason']>([
  'no_inventory',
  'task_type',
  'label',
  'class_type',
  'model',
  'upload_limit',
  'not_pinned',
  'simulated_beside_real',
]);
const SHOWN_AWAY = 5;

/** Describes which unavailable workers a task waits for; null when another one is available, or none could ever run it. */
export function describeAway({ workers }: Waiting): TaskText | null {
  const able = workers.filter(({ reason }) => !UNABLE.has(reason));
  const isAway = able.length > 0 && able.every(({ reason }) => AWAY.has(reason));
  if (!isAway || able.length === workers.length) return null;
  const names = able.slice(0, SHOWN_AWAY).map(({ name }) => name);
  const shown = names.join(', ') + (able.length > SHOWN_AWAY ? ', …' : '');
  return { code: 'wait.away', params: { workers: shown } };
}

/** Describes why one worker does not take a task, with what it lacks. */
export function describeRefusal({
  reason,
  missing,
}: Pick<Waiting['workers'][number], 'reason' | 'missing'>): TaskText {
  if (reason === null) return plainText('wait.could_take');
  const text: TaskText = plainText(`refusal.${reason}`);
  return missing === null ? text : { code: 'wait.missing', params: { reason: text, missing } };
}
