import type { LedgerIndex, Violation } from './ledger-index.ts';
import type { StoredResult, StoredTask, WorkerEntry } from './ledgers.ts';

/** One execution per task, which belongs to an attempt; the bytes of a result are those that its prompt wrote. */
export function findRunViolations(index: LedgerIndex): Violation[] {
  return [
    ...findUnknownPrompts(index),
    ...[...index.tasks.values()].flatMap((task) => [
      ...checkExecutions(index, task),
      ...checkAttempts(index, task),
      ...checkResults(index, task),
    ]),
  ];
}

function findUnknownPrompts({ runsOf, attemptByPrompt }: LedgerIndex): Violation[] {
  return [...runsOf.keys()]
    .filter((promptId) => !attemptByPrompt.has(promptId))
    .map((promptId) => ({ code: 'unknown_prompt', subject: promptId, detail: 'ran, no attempt knows it' }));
}

interface Execution {
  promptId: string;
  startNs: bigint;
  /** Null: it never ended. */
  endNs: bigint | null;
  status: string | null;
}

/** Executions of a task's prompts, by start; the workers of a run share one monotonic clock. */
function listExecutions({ attemptsOf, runsOf }: LedgerIndex, taskId: string): Execution[] {
  const executions = (attemptsOf.get(taskId) ?? []).flatMap(({ promptId }) =>
    pairExecutions(promptId, runsOf.get(promptId) ?? []),
  );
  return executions.sort((a, b) => Number(a.startNs - b.startNs));
}

function pairExecutions(promptId: string, entries: readonly WorkerEntry[]): Execution[] {
  const executions: Execution[] = [];
  for (const entry of [...entries].sort((a, b) => Number(a.atNs - b.atNs))) {
    if (entry.kind === 'execution_start')
      executions.push({ promptId, startNs: entry.atNs, endNs: null, status: null });
    const open = executions.find(({ endNs }) => endNs === null);
    if (entry.kind === 'execution_end' && open)
      Object.assign(open, { endNs: entry.atNs, status: entry.status });
  }
  return executions;
}

function checkExecutions(index: LedgerIndex, { id, state }: StoredTask): Violation[] {
  const executions = listExecutions(index, id);
  const violations: Violation[] = [];
  if (executions.length > 1) {
    const detail = executions.map(({ promptId, status }) => `${promptId} ${status}`).join(', ');
    violations.push({ code: 'executed_twice', subject: id, detail });
  }
  let latestEndNs: bigint | null = 0n;
  for (const { promptId, startNs, endNs } of executions) {
    if (latestEndNs === null || startNs < latestEndNs)
      violations.push({ code: 'executions_overlap', subject: id, detail: `${promptId} began too early` });
    if (latestEndNs !== null) latestEndNs = endNs === null || endNs > latestEndNs ? endNs : latestEndNs;
  }
  if (state === 'succeeded' && !executions.some(({ status }) => status === 'success'))
    violations.push({
      code: 'success_without_execution',
      subject: id,
      detail: 'no worker ran it to its end',
    });
  return violations;
}

function checkAttempts({ attemptsOf }: LedgerIndex, { id }: StoredTask): Violation[] {
  return (attemptsOf.get(id) ?? [])
    .filter((attempt) => attempt.state !== 'ended')
    .map((attempt) => ({ code: 'attempt_left_open', subject: id, detail: `${attempt.id} ${attempt.state}` }));
}

function checkResults(index: LedgerIndex, { id, state }: StoredTask): Violation[] {
  const results = index.resultsOf.get(id) ?? [];
  const own = listWritten(index, id);
  const violations = results.flatMap((result) => checkResult(index, result, own));
  const stored = new Set(results.map((result) => result.hash));
  const missing = [...own].filter((hash) => !stored.has(hash));
  if (state === 'succeeded' && (results.length === 0 || missing.length > 0))
    violations.push({
      code: 'result_missing',
      subject: id,
      detail: `${results.length} of ${own.size} files`,
    });
  return violations;
}

function checkResult(index: LedgerIndex, result: StoredResult, own: ReadonlySet<string>): Violation[] {
  const { taskId: subject, hash, bytesHash } = result;
  const violations: Violation[] = [];
  if (bytesHash !== hash)
    violations.push({ code: 'wrong_hash', subject, detail: `stored bytes are ${bytesHash}, not ${hash}` });
  if (own.has(hash)) return violations;
  violations.push(
    index.writtenHashes.has(hash)
      ? { code: 'result_of_another_task', subject, detail: hash }
      : { code: 'wrong_hash', subject, detail: `no worker wrote ${hash}` },
  );
  return violations;
}

/** Hashes of the files that a task's prompts wrote. */
function listWritten({ attemptsOf, runsOf }: LedgerIndex, taskId: string): Set<string> {
  const entries = (attemptsOf.get(taskId) ?? []).flatMap(({ promptId }) => runsOf.get(promptId) ?? []);
  return new Set(entries.flatMap((entry) => (entry.kind === 'file_written' ? [entry.hash] : [])));
}
