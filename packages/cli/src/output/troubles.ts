import type { WorkerTrouble } from '@comfleet/contract';
import type { CliTexts } from '../texts/cli-texts.ts';
import { toPlainText } from './table.ts';

/** For each worker that cannot be used: since when, what is wrong, and what is done or to be done about it. */
export function formatTroubles(
  workers: readonly { readonly name: string; readonly trouble?: WorkerTrouble | null | undefined }[],
  texts: CliTexts,
): string[] {
  return workers.flatMap(({ name, trouble }) => {
    if (!trouble) return [];
    const since = trouble.since.replace(/\.\d+Z$/, 'Z');
    return [texts.say('cli.trouble', { name: toPlainText(name), since, what: texts.join(trouble.texts) })];
  });
}
