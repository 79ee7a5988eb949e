import type { Attempt } from '@comfleet/contract';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { formatTable, toPlainText } from '../output/table.ts';

/** `comfleet tasks attempts`: every try of a task, oldest first; with --json whole fingerprints. */
export async function listAttempts(context: CommandContext, taskId: string): Promise<number> {
  const comfleet = await context.connect();
  const attempts = await comfleet.tasks.attempts(taskId, { signal: context.terminal.signal });
  context.show({ attempts }, () =>
    formatTable(
      ['TRY', 'WORKER', 'PROMPT', 'ENDING', 'CREATED', 'WAITED', 'RAN', 'COMFYUI', 'DEVICE'],
      attempts.map((attempt) => [
        String(attempt.number),
        toPlainText(attempt.worker_name),
        attempt.prompt_id,
        describeEnding(attempt),
        attempt.created_at,
        secondsBetween(attempt.created_at, attempt.started_at ?? null),
        secondsBetween(attempt.started_at ?? null, attempt.ended_at),
        toPlainText(attempt.fingerprint?.comfyui_version ?? '-'),
        toPlainText(attempt.fingerprint?.device ?? '-'),
      ]),
    ),
  );
  return EXIT.ok;
}

/** The ending with its error's code, or the state of one that has not ended. */
function describeEnding({ ending, state, error }: Attempt): string {
  return [ending ?? state, error?.code].filter((part) => part !== undefined).join(' ');
}

function secondsBetween(from: string | null, to: string | null): string {
  return from === null || to === null ? '-' : `${((Date.parse(to) - Date.parse(from)) / 1000).toFixed(1)} s`;
}
