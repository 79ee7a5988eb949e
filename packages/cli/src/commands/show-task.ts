import { type Attempt, readFailure, type Task, type TaskDetail } from '@comfleet/contract';
import stringWidth from 'string-width';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { toPlainText } from '../output/table.ts';
import type { CliTexts } from '../texts/cli-texts.ts';

/** `comfleet tasks show`: everything about one task, its attempts and results; with `traceback` that of the node that failed. */
export async function showTask(
  context: CommandContext,
  taskId: string,
  flags: { readonly traceback?: boolean },
): Promise<number> {
  const comfleet = await context.connect();
  const task = await comfleet.tasks.load(taskId, { signal: context.terminal.signal });
  context.show(task, () => [
    ...describeTask(task, context.texts),
    ...describeFailed(task, context.texts, flags.traceback === true),
    ...describeRest(task, context.texts),
  ]);
  return EXIT.ok;
}

type Line = readonly [label: string, value: string | null];

const LABEL_WIDTH = 12;

/** A value behind its label, in one column with the others. */
function formatLine(label: string, value: string): string {
  return `${label}${' '.repeat(Math.max(0, LABEL_WIDTH - stringWidth(label)))} ${toPlainText(value)}`;
}

function formatLines(lines: readonly Line[]): string[] {
  return lines.flatMap(([label, value]) => (value === null ? [] : [formatLine(label, value)]));
}

function describeTask(task: Task, texts: CliTexts): string[] {
  const { say, name } = texts;
  const isDescribed = task.error !== null && task.status !== 'held';
  return formatLines([
    [say('label.task'), task.task_id],
    [say('label.status'), name('status', task.status)],
    [say('label.message'), isDescribed ? null : texts.sent(task.message_text, task.message)],
    [say('label.created'), task.created_at],
    [say('label.parameters'), JSON.stringify(task.parameters)],
    [say('label.workflow'), task.workflow_name],
    [say('label.name'), task.name],
    [say('label.seed'), task.seed],
    [say('label.worker'), task.worker_name],
    [say('label.prompt_id'), task.prompt_id],
    [say('label.held'), task.held_reason === null ? null : name('held', task.held_reason)],
    [say('label.paid_nodes'), task.paid === true ? say('name.yes') : null],
    [say('label.started'), task.started_at],
    [say('label.completed'), task.completed_at],
    [say('label.seconds'), task.duration_seconds?.toFixed(2) ?? null],
    [say('label.error'), task.error === null ? null : texts.error(task.error)],
  ]);
}

/** What stands behind the error, then the traceback as its worker sent it. */
function describeFailed({ error }: Task, texts: CliTexts, withTraceback: boolean): string[] {
  if (error === null) return [];
  const { traceback } = readFailure(error);
  const points = texts.points(error).map((point) => formatLine('', point));
  if (traceback === null) return points;
  if (withTraceback) return [...points, ...formatTraceback(traceback)];
  return [...points, formatLine('', texts.say('cli.traceback'))];
}

/** Without the lines of `^` with which Python underlines a part of the line before. */
function formatTraceback(traceback: string): string[] {
  return traceback
    .trimEnd()
    .split('\n')
    .filter((line) => !/^\s*[~^]+\s*$/.test(line))
    .map(toPlainText);
}

function describeRest(task: TaskDetail, texts: CliTexts): string[] {
  const { say } = texts;
  return formatLines([
    ...(task.warning_texts ?? []).map(
      (warning): Line => [say('label.warning'), texts.sent(warning, warning.code)],
    ),
    ...task.attempts.map(
      (attempt): Line => [
        say('label.attempt', { number: attempt.number }),
        describeAttempt(attempt, task, texts),
      ],
    ),
    ...task.results.map(
      ({ index, name, content_type: type, size_bytes: bytes }): Line => [
        say('label.result', { index }),
        `${name}  ${type}  ${bytes} B`,
      ],
    ),
  ]);
}

/** The error of the last attempt is the task's, and told there. */
function describeAttempt(attempt: Attempt, task: TaskDetail, texts: CliTexts): string {
  const { number, worker_name: worker, prompt_id: prompt, error } = attempt;
  const ending = texts.name('ending', attempt.ending ?? attempt.state);
  if (error === null) return texts.say('cli.attempt', { ending, worker, prompt });
  const isTold = number === task.attempt_count && error.code === task.error?.code;
  const why = isTold ? error.code : texts.error(error);
  return texts.say('cli.attempt_failed', { ending, worker, prompt, error: why });
}
