import { groupBy, type LedgerIndex, TERMINAL, type Violation } from './ledger-index.ts';

/** Everything acknowledged exists, as one task per key, and has ended; nothing exists that was not requested. */
export function findClientViolations(index: LedgerIndex): Violation[] {
  return [
    ...findLost(index),
    ...findStrangers(index),
    ...findSplitKeys(index),
    ...findUnended(index),
    ...findIgnoredCancels(index),
  ];
}

function acceptedOf({ ledgers }: LedgerIndex) {
  return ledgers.clients.filter((entry) => entry.kind === 'accepted');
}

function findLost(index: LedgerIndex): Violation[] {
  const ids = new Set(acceptedOf(index).map((entry) => entry.taskId));
  return [...ids]
    .filter((id) => !index.tasks.has(id))
    .map((id) => ({ code: 'lost_task', subject: id, detail: 'answered to a client, not in SQL' }));
}

function findStrangers({ ledgers, tasks }: LedgerIndex): Violation[] {
  const sent = new Set(ledgers.clients.flatMap((entry) => (entry.kind === 'sent' ? [entry.key] : [])));
  const asked = new Set(ledgers.sql.keys.filter(({ key }) => sent.has(key)).map(({ taskId }) => taskId));
  return [...tasks.keys()]
    .filter((id) => !asked.has(id))
    .map((id) => ({
      code: 'task_nobody_asked_for',
      subject: id,
      detail: 'in SQL under no key that was sent',
    }));
}

function findSplitKeys(index: LedgerIndex): Violation[] {
  const answered = acceptedOf(index).map(({ key, taskId }) => ({ key, taskId }));
  const stored = index.ledgers.sql.keys.map(({ key, taskId }) => ({ key, taskId }));
  const violations: Violation[] = [];
  for (const [key, uses] of groupBy([...answered, ...stored], (use) => use.key)) {
    const ids = [...new Set(uses.map((use) => use.taskId))];
    if (ids.length > 1) violations.push({ code: 'key_to_two_tasks', subject: key, detail: ids.join(', ') });
  }
  return violations;
}

function findUnended({ ledgers }: LedgerIndex): Violation[] {
  return ledgers.sql.tasks
    .filter((task) => !TERMINAL.has(task.state))
    .map((task) => ({ code: 'not_terminal', subject: task.id, detail: `still ${task.state} at quiescence` }));
}

function findIgnoredCancels({ ledgers, tasks }: LedgerIndex): Violation[] {
  return ledgers.clients.flatMap((entry): Violation[] => {
    if (entry.kind !== 'cancel_acknowledged' || tasks.get(entry.taskId)?.state !== 'succeeded') return [];
    return [{ code: 'success_after_cancel', subject: entry.taskId, detail: 'its cancel was acknowledged' }];
  });
}
