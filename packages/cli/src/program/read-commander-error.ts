import { plainText } from '@comfleet/contract/texts/catalogue';
import type { UsageText } from '@comfleet/contract/texts/usage';
import type { CommanderError } from 'commander';
import { UsageError } from '../exit-codes.ts';

/** Commander's sentences, of the version that is pinned, by its code; the groups are the values of our text. */
const SENTENCES: Readonly<Record<string, RegExp>> = {
  'commander.unknownOption': /unknown option '(?<flag>[^\n]*)'/,
  'commander.unknownCommand': /unknown command '(?<name>[^\n]*)'/,
  'commander.missingArgument': /missing required argument '(?<name>.*)'/,
  'commander.optionMissingArgument': /option '(?<flag>.*)' argument missing/,
  'commander.missingMandatoryOptionValue': /required option '(?<flag>.*)' not specified/,
  'commander.excessArguments': /Expected (?<expected>\d+) arguments? but got (?<received>\d+)/,
};
const NEAREST = /\(Did you mean (?:one of )?(?<nearest>.*)\?\)/;

/** What commander refuses of a command line as a mistake of ours, so that it is told in the reader's language; null for the rest. */
export function readCommanderError({ code, message }: CommanderError): UsageError | null {
  const values = SENTENCES[code]?.exec(message)?.groups;
  const text = values === undefined ? null : toText(code, values);
  if (text === null) return null;
  const nearest = NEAREST.exec(message)?.groups?.nearest;
  const advice: UsageText = nearest
    ? { code: 'usage.did_you_mean', params: { nearest } }
    : plainText('usage.help');
  return new UsageError([text, advice]);
}

function toText(code: string, values: Readonly<Record<string, string>>): UsageText | null {
  const { flag = '', name = '', expected = '', received = '' } = values;
  switch (code) {
    case 'commander.unknownOption':
      return { code: 'usage.unknown_option', params: { flag } };
    case 'commander.unknownCommand':
      return { code: 'usage.unknown_command', params: { name } };
    case 'commander.missingArgument':
      return { code: 'usage.missing_argument', params: { name } };
    case 'commander.optionMissingArgument':
      return { code: 'usage.missing_value', params: { flag } };
    case 'commander.missingMandatoryOptionValue':
      return { code: 'usage.missing_option', params: { flag } };
    case 'commander.excessArguments':
      return { code: 'usage.too_many_arguments', params: { expected, received } };
    default:
      return null;
  }
}
