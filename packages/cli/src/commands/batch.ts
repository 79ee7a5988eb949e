import { resolve } from 'node:path';
import { plainText } from '@comfleet/contract/texts/catalogue';
import type { BatchBody } from '@comfleet/sdk';
import { findWorkflow } from '../connection/find-workflow.ts';
import { type CommandContext, openSession, type Session } from '../context.ts';
import { EXIT, UsageError } from '../exit-codes.ts';
import { readNamedFile } from '../parameters/read-named-file.ts';
import { type BatchOutFlags, checkNames, followBatch } from '../progress/follow-batch.ts';
import { prepareFolder } from '../results/save-results.ts';
import type { Medium } from '../texts/cli-texts.ts';
import { buildBody, type SubmitFlags } from './run.ts';

export interface BatchFlags extends SubmitFlags, BatchOutFlags {
  readonly description?: readonly string[];
  /** A text file: one description a line; empty lines and lines that begin with # do not count. */
  readonly file?: string;
  readonly imagesPerDescription: number;
  readonly fixedSeed?: boolean;
  readonly wait: boolean;
  /** False: the first failure cancels the rest. */
  readonly keepGoing: boolean;
}

/** `comfleet batch`: descriptions × images, announced one by one, failures reported and passed over. */
export async function runBatch(
  context: CommandContext,
  workflow: string,
  flags: BatchFlags,
): Promise<number> {
  const { terminal, texts } = context;
  const startedAtMs = terminal.clock.monotonicMs();
  checkNames(flags.names);
  const descriptions = await readDescriptions(context, flags);
  if (flags.out !== undefined) await prepareFolder(resolve(terminal.cwd, flags.out));
  const session = await openSession(context);
  const { comfleet } = session;
  const { medium, body } = await plan(session, workflow, { flags, descriptions });
  const batch = await comfleet.batches.submit(body, { signal: terminal.signal });
  for (const warning of batch.warning_texts ?? []) terminal.err(`⚠ ${texts.format(warning)}`);
  if (!flags.wait) {
    context.show(batch, () => [batch.batch_id]);
    return EXIT.ok;
  }
  terminal.err(texts.say('cli.batch_accepted', { batch: batch.batch_id }));
  return await followBatch(
    session,
    {
      texts,
      medium,
      descriptions: descriptions.length,
      copies: flags.imagesPerDescription,
      taskIds: batch.task_ids,
      batchId: batch.batch_id,
      startedAtMs,
    },
    flags,
  );
}

async function readDescriptions({ terminal }: CommandContext, flags: BatchFlags): Promise<string[]> {
  const listed = flags.description ?? [];
  const path = flags.file === undefined ? null : resolve(terminal.cwd, flags.file);
  const lines =
    path === null
      ? []
      : (await readNamedFile(path))
          .toString('utf8')
          .replace(/^\uFEFF/, '')
          .split(/\r?\n/)
          .map((line) => line.trim());
  const descriptions = [...listed, ...lines.filter((line) => line !== '' && !line.startsWith('#'))];
  if (descriptions.length === 0) throw new UsageError(plainText('usage.no_descriptions'));
  return descriptions;
}

async function plan(
  session: Session,
  workflow: string,
  { flags, descriptions }: { flags: BatchFlags; descriptions: string[] },
): Promise<{ medium: Medium; body: BatchBody }> {
  if (workflow.endsWith('.json')) throw new UsageError(plainText('usage.batch_of_graph'));
  const body = await buildBody(session, workflow, flags);
  const { comfleet, context } = session;
  const { task_type: type } = await findWorkflow(comfleet, workflow, context.terminal.signal);
  return {
    medium: type.includes('video') ? 'video' : 'image',
    body: {
      ...body,
      descriptions,
      images_per_description: flags.imagesPerDescription,
      ...(flags.fixedSeed === true ? { fixed_seed: true } : {}),
    },
  };
}
