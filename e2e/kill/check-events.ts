import { type LedgerIndex, TERMINAL, type Violation } from './ledger-index.ts';
import type { StoredEvent } from './ledgers.ts';

/** A task's events are 1, 2, 3 … with exactly one terminal event, at the end; a client's stream across kills is exactly that list. */
export function findEventViolations(index: LedgerIndex): Violation[] {
  return [...index.tasks.values()].flatMap((task) => {
    const events = index.eventsOf.get(task.id) ?? [];
    return [
      ...checkNumbers(task.id, events, 'stored'),
      ...checkEnd(task, events),
      ...checkStream(task.id, events, index.seenOf.get(task.id) ?? []),
    ];
  });
}

/** `events` in the order in which they were stored or received. */
function checkNumbers(subject: string, events: readonly { number: number }[], whose: string): Violation[] {
  const violations: Violation[] = [];
  let last = 0;
  for (const { number } of events) {
    if (number <= last)
      violations.push({ code: 'event_repeated', subject, detail: `${whose}: ${number} after ${last}` });
    else if (number > last + 1)
      violations.push({ code: 'event_gap', subject, detail: `${whose}: ${number} after ${last}` });
    last = Math.max(last, number);
  }
  return violations;
}

function checkEnd(task: { id: string; state: string }, events: readonly StoredEvent[]): Violation[] {
  const violations: Violation[] = [];
  const ends = events.filter((event) => TERMINAL.has(event.type.replace('task.', '')));
  if (TERMINAL.has(task.state) && ends.length !== 1)
    violations.push({ code: 'terminal_events', subject: task.id, detail: `${ends.length} terminal events` });
  const states = events.map((event) => event.state);
  const first = states.findIndex((state) => TERMINAL.has(state));
  const later = first < 0 ? [] : [...states.slice(first + 1), task.state];
  const changed = later.find((state) => state !== states[first]);
  if (changed !== undefined)
    violations.push({
      code: 'terminal_changed',
      subject: task.id,
      detail: `${states[first]} then ${changed}`,
    });
  return violations;
}

function checkStream(
  subject: string,
  stored: readonly StoredEvent[],
  seen: readonly { number: number; type: string; state: string }[],
): Violation[] {
  if (seen.length === 0) return [];
  const violations = checkNumbers(subject, seen, 'received');
  const byNumber = new Map(stored.map((event) => [event.number, event]));
  for (const event of seen) {
    const own = byNumber.get(event.number);
    if (own?.type !== event.type || own.state !== event.state)
      violations.push({
        code: 'event_untrue',
        subject,
        detail: `received ${event.number} ${event.type} ${event.state}, stored ${own?.type} ${own?.state}`,
      });
  }
  const missed = stored.filter((event) => event.number > (seen.at(-1)?.number ?? 0));
  if (missed.length > 0)
    violations.push({ code: 'event_gap', subject, detail: `received: ends before ${missed[0]?.number}` });
  return violations;
}
