import type { Attempt } from '@comfleet/contract';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { formatTable, toPlainText } from '../output/table.ts';
import type { CliTexts } from '../texts/cli-texts.ts';

/** `comfleet tasks attempts`: every try of a task, oldest first; with --json whole fingerprints. */
export async function listAttempts(context: CommandContext, taskId: string): Promise<number> {
  const { texts } = context;
  const comfleet = await context.connect();
  const attempts = await comfleet.tasks.attempts(taskId, { signal: context.terminal.signal });
  context.show({ attempts }, () =>
    formatTable(
      texts.heads('try', 'worker', 'prompt_id', 'ending', 'created', 'waited', 'ran', 'comfyui', 'device'),
      attempts.map((attempt) => [
        String(attempt.number),
        toPlainText(attempt.worker_name),
        attempt.prompt_id,
        describeEnding(attempt, texts),
        attempt.created_at,
        describeSpan(attempt.created_at, attempt.started_at ?? null, texts),
        describeSpan(attempt.started_at ?? null, attempt.ended_at, texts),
        toPlainText(attempt.fingerprint?.comfyui_version ?? '-'),
        toPlainText(attempt.fingerprint?.device ?? '-'),
      ]),
    ),
  );
  return EXIT.ok;
}

/** The ending with its error's code, or the state of one that has not ended. */
function describeEnding({ ending, state, error }: Attempt, texts: CliTexts): string {
  return [texts.name('ending', ending ?? state), error?.code].filter((part) => part !== undefined).join(' ');
}

function describeSpan(from: string | null, to: string | null, { say }: CliTexts): string {
  if (from === null || to === null) return '-';
  return say('cli.seconds', { seconds: ((Date.parse(to) - Date.parse(from)) / 1000).toFixed(1) });
}
