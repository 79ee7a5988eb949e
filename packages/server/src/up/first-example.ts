import {
  type AssetId,
  formatSent,
  type Id,
  type IdKind,
  parseId,
  pickLabel,
  type Task,
  type TaskId,
  type Workflow,
} from '@comfleet/contract';
import { START_TEXTS } from '@comfleet/contract/texts/start';
import type { App } from '../app/app.ts';
import { createOutputPath } from '../flow/assets/output-names.ts';
import { AppError } from '../platform/errors/app-error.ts';
import { systemClock } from '../platform/time/clock.ts';
import { createDescribeProgress } from './example-progress.ts';
import { createSayStart } from './say-start.ts';
import type { UpOptions } from './up-options.ts';

/** Shipped workflows in the order most useful to a new user; the last needs no model. */
const CANDIDATES = ['sd_basic', 'sdxl_basic', 'solid_color'];

/** Runs one example if no task was ever accepted here, so that a new user first sees progress and a picture. */
export async function runFirstExample(app: App, options: UpOptions): Promise<void> {
  const say = createSayStart(options.language);
  const any = await app.database.read(app.database.k.selectFrom('task').select('id').limit(1));
  if (any.length > 0) return;
  for (const workflow of await listRunnable(app)) {
    options.print(say('start.example', { name: pickLabel(workflow.title, options.language) }));
    const id = await submitExample(app, workflow, options);
    if (id === null) continue;
    await printProgress(app, id, options);
    await printEnd(app, id, options);
    return;
  }
  options.print(say('start.no_example'));
}

/** Null if it was refused, which is printed: a failed example must not end the start. */
async function submitExample(app: App, workflow: Workflow, options: UpOptions): Promise<TaskId | null> {
  const takesPrompt = workflow.parameters.some(({ name }) => name === 'prompt');
  const parameters = takesPrompt ? { prompt: 'a glass bottle on a beach' } : {};
  try {
    const { submitted } = await app.calls.tasks.submit({
      actor: app.local.principal,
      door: 'native',
      body: { kind: 'workflow', workflowName: workflow.name, parameters },
      options: {},
    });
    for (const [index, sentence] of submitted.warnings.entries()) {
      const sent = { texts: submitted.warning_texts?.[index], sentence };
      options.print(`  ${formatSent(START_TEXTS, options.language, sent)}`);
    }
    return readId<'task'>(submitted.task_id);
  } catch (thrown) {
    if (!(thrown instanceof AppError) || !REFUSALS.has(thrown.code)) throw thrown;
    options.print(createSayStart(options.language)('start.example_failed', { message: thrown.message }));
    return null;
  }
}

const REFUSALS: ReadonlySet<string> = new Set([
  'INVALID_WORKFLOW',
  'POLICY_REFUSED',
  'NO_CAPABLE_WORKER',
  'INVALID_PARAMETERS',
]);

async function listRunnable(app: App): Promise<Workflow[]> {
  const workflows = await app.calls.workflows.list(app.local.principal);
  const runnable = workflows.filter((workflow) => workflow.available && workflow.enabled);
  return CANDIDATES.flatMap((name) => runnable.find((workflow) => workflow.name === name) ?? []);
}

async function printProgress(app: App, id: TaskId, options: UpOptions): Promise<void> {
  const describeProgress = createDescribeProgress(createSayStart(options.language));
  for await (const frame of app.calls.tasks.watch(app.local.principal, id, 0, options.signal)) {
    const line = frame.kind === 'progress' ? describeProgress(frame.progress) : null;
    if (line !== null) options.print(line);
  }
}

async function printEnd(app: App, id: TaskId, options: UpOptions): Promise<void> {
  const say = createSayStart(options.language);
  const task = await app.calls.tasks.load(app.local.principal, id);
  const [result] = task.results;
  if (task.status !== 'succeeded' || !result) {
    if (!options.signal.aborted)
      options.print(say('start.example_failed', { message: explainEnd(task, options) }));
    return;
  }
  const path = await placeReadableCopy(app, id, readId<'asset'>(result.asset_id));
  const since = options.installedAtMs ?? systemClock.nowMs() - systemClock.monotonicMs();
  const seconds = ((systemClock.nowMs() - since) / 1000).toFixed(1);
  options.print(say('start.first_picture', { seconds, path }));
}

function explainEnd({ message, message_text: texts }: Task, { language }: UpOptions): string {
  return formatSent(START_TEXTS, language, { texts, sentence: message });
}

/** Our own responses carry ids as text. */
function readId<K extends IdKind>(text: string): Id<K> {
  const id = parseId<K>(text);
  if (id === null) throw new AppError('INTERNAL', { reason: 'no id', text });
  return id;
}

/** The readable copy is written shortly after the result; this waits for it, because its path is shown. */
async function placeReadableCopy(app: App, taskId: TaskId, assetId: AssetId): Promise<string> {
  const { k } = app.database;
  const [task] = await app.database.read(k.selectFrom('task').selectAll().where('id', '=', taskId));
  const [asset] = await app.database.read(k.selectFrom('asset').selectAll().where('id', '=', assetId));
  if (!task || !asset) return '';
  const path = createOutputPath(app.config.comfyui.outputDir, task, asset);
  await app.blobs.linkTo(asset.blob_hash, path);
  return path;
}
