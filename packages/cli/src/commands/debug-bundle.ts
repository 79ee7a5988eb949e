import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { TaskDetail, TaskEvent, Worker, WorkerLog } from '@comfleet/contract';
import { type Comfleet, ComfleetError } from '@comfleet/sdk';
import type { CommandContext } from '../context.ts';
import { EXIT, UsageError } from '../exit-codes.ts';
import { hideSecrets } from '../output/hide-secrets.ts';

export interface BundleFlags {
  readonly out?: string;
  /** Lines of ComfyUI's log. */
  readonly lines: number;
}

/** A part that could not be had stands in the bundle with its reason: half a bundle still helps. */
interface MissingPart {
  readonly not_readable: string;
}

type Part<T> = T | MissingPart;

/** `comfleet debug bundle`: all that is known about one task, in one file to hand to somebody (CL16). */
export async function writeBundle(
  context: CommandContext,
  taskId: string,
  flags: BundleFlags,
): Promise<number> {
  const { terminal } = context;
  const comfleet = await context.connect();
  const task = await comfleet.tasks.load(taskId, { signal: terminal.signal });
  const parts = await loadParts(comfleet, task, { lines: flags.lines, signal: terminal.signal });
  const bundle = {
    made_at: new Date(terminal.clock.nowMs()).toISOString(),
    status: task.status,
    error: task.error,
    last_progress: task.progress ?? findLastProgress(parts.events),
    worker: parts.worker,
    comfyui_log: parts.log,
    version: parts.version,
    health: parts.health,
    task,
    events: parts.events,
  };
  const path = resolve(terminal.cwd, flags.out ?? `comfleet-${task.task_id}.json`);
  await saveNew(path, `${JSON.stringify(hideSecrets(bundle), null, 2)}\n`);
  context.show({ path }, () => [path]);
  return EXIT.ok;
}

async function loadParts(
  comfleet: Comfleet,
  task: TaskDetail,
  { lines, signal }: { readonly lines: number; readonly signal: AbortSignal },
) {
  const workerId = task.worker_id;
  const attempt = async <T>(part: () => Promise<T>): Promise<Part<T>> => {
    try {
      return await part();
    } catch (error) {
      if (!(error instanceof ComfleetError) || signal.aborted) throw error;
      return { not_readable: `${error.code}: ${error.message}` };
    }
  };
  const none: MissingPart = { not_readable: 'no worker has had this task' };
  return {
    events: await attempt<TaskEvent[]>(() => comfleet.tasks.events(task.task_id, { signal })),
    worker:
      workerId === null ? none : await attempt<Worker>(() => comfleet.workers.load(workerId, { signal })),
    log:
      workerId === null
        ? none
        : await attempt<WorkerLog>(() => comfleet.workers.loadLogs(workerId, { lines, signal })),
    version: await attempt(async () => (await comfleet.service.config({ signal })).version ?? null),
    health: await attempt(() => comfleet.service.health({ signal })),
  };
}

/** What the last event that tells of progress says; a task that has ended has no progress of its own any more. */
function findLastProgress(events: Part<TaskEvent[]>): unknown {
  if (!Array.isArray(events)) return null;
  return events.findLast((event) => event.details?.progress !== undefined)?.details?.progress ?? null;
}

async function saveNew(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: 'wx', mode: 0o600 });
  } catch (cause) {
    const taken = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';
    const code = taken ? 'usage.exists' : 'usage.unwritable';
    throw new UsageError({ code, params: { path } }, { cause });
  }
}
