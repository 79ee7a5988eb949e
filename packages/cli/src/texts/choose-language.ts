import type { Language } from '@comfleet/contract';
import { parseLanguage } from '@comfleet/contract/texts/language';

/** The language of `--lang`, else of LC_ALL, LC_MESSAGES, LANG: the first of them that is set decides. */
export function chooseLanguage(
  requested: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Language {
  const names = [requested, env.LC_ALL, env.LC_MESSAGES, env.LANG];
  return parseLanguage(names.find((name) => name !== undefined && name !== '') ?? 'en');
}

/** The value of `--lang` in a command line that is not parsed yet: help and mistakes are shown in a language too. */
export function findLanguageFlag(args: readonly string[]): string | undefined {
  const [flag, value] = args.flatMap((arg, index) => {
    if (arg === '--lang') return [arg, args[index + 1] ?? ''];
    return arg.startsWith('--lang=') ? ['--lang', arg.slice('--lang='.length)] : [];
  });
  return flag === undefined ? undefined : value;
}
