import type { PendingTask, TaskCheck } from '@comfleet/contract';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { toRecord } from '../explain-failure.ts';
import { formatTable, toPlainText } from '../output/table.ts';
import type { CliTexts } from '../texts/cli-texts.ts';
import { findWorker, formatWorkers } from './workers.ts';

const HEADS = ['task', 'status', 'age', 'workflow', 'worker', 'connection', 'prompt_id'] as const;

function toRow(task: PendingTask, { say, name }: CliTexts): string[] {
  return [
    task.task_id,
    name('status', task.status),
    say('cli.seconds', { seconds: task.age_seconds.toFixed(1) }),
    task.workflow_name ?? '-',
    task.worker_name ?? '-',
    task.connection === null ? '-' : name('socket', task.connection),
    task.prompt_id ?? '-',
  ];
}

/** `comfleet debug pending`: open tasks with age, workflow, worker and connection (CL8). */
export async function showPending(context: CommandContext): Promise<number> {
  const comfleet = await context.connect();
  const { texts } = context;
  const tasks = await comfleet.service.pendingTasks({ signal: context.terminal.signal });
  context.show({ tasks }, () =>
    tasks.length === 0
      ? [texts.say('cli.nothing')]
      : formatTable(
          texts.heads(...HEADS),
          tasks.map((task) => toRow(task, texts)),
        ),
  );
  return EXIT.ok;
}

/** `comfleet debug check`: asks the worker about one task now and finishes it when its history is complete (CL9). */
export async function checkTask(context: CommandContext, promptOrTaskId: string): Promise<number> {
  const comfleet = await context.connect();
  const checked = await comfleet.service.checkTask(promptOrTaskId, { signal: context.terminal.signal });
  context.show(checked, () => [toLine(checked, context.texts)]);
  return EXIT.ok;
}

/** `comfleet debug check-all`: the same for every open task that has a prompt; a failed check does not stop the rest. */
export async function checkAllTasks(context: CommandContext): Promise<number> {
  const { signal } = context.terminal;
  const comfleet = await context.connect();
  const open = (await comfleet.service.pendingTasks({ signal })).filter((task) => task.prompt_id !== null);
  const checked: TaskCheck[] = [];
  let failures = 0;
  for (const task of open) {
    try {
      checked.push(await comfleet.service.checkTask(task.task_id, { signal }));
    } catch (error) {
      signal.throwIfAborted();
      failures += 1;
      const message = context.texts.explain(toRecord(error));
      context.terminal.err(`✗ ${context.texts.say('cli.failed_check', { task: task.task_id, message })}`);
    }
  }
  context.show({ checked }, () =>
    checked.length === 0
      ? [context.texts.say('cli.nothing')]
      : checked.map((one) => toLine(one, context.texts)),
  );
  return failures === 0 ? EXIT.ok : EXIT.failed;
}

const RECONNECT_MS = 5000;
const POLL_MS = 100;

/** `comfleet debug reset-connection`: has the server drop a worker's socket; status 1 when it is not back in 5 s (CL10). */
export async function resetConnection(context: CommandContext, idOrName: string): Promise<number> {
  const { clock, signal } = context.terminal;
  const comfleet = await context.connect();
  const { worker_id: workerId } = await findWorker(comfleet, idOrName, signal);
  let worker = await comfleet.workers.reconnect(workerId, { signal });
  const deadlineMs = clock.monotonicMs() + RECONNECT_MS;
  while (worker.socket !== 'connected' && clock.monotonicMs() < deadlineMs) {
    await clock.sleep(POLL_MS, signal);
    worker = await comfleet.workers.load(workerId, { signal });
  }
  context.show(worker, () => formatWorkers([worker], context.texts));
  return worker.socket === 'connected' ? EXIT.ok : EXIT.failed;
}

function toLine({ task_id: taskId, status, place, error }: TaskCheck, texts: CliTexts): string {
  const cells = [taskId, texts.name('status', status), texts.name('place', place)];
  return [...cells, ...(error === null ? [] : [toPlainText(texts.error(error))])].join('  ');
}
