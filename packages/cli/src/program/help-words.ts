import type { Language } from '@comfleet/contract';
import { type Command, Help, type Option } from 'commander';
import stringWidth from 'string-width';
import { wrapText } from '../output/wrap-text.ts';
import type { SayHelp } from './program-parts.ts';

/** Gives a program and the commands that are added to it later help pages in a language. */
export function configureHelpWords(program: Command, language: Language, say: SayHelp): Command {
  const usual = new Help();
  const titles: Readonly<Record<string, string>> = {
    'Usage:': say('word.usage'),
    'Arguments:': say('word.arguments'),
    'Options:': say('word.options'),
    'Global Options:': say('word.global_options'),
    'Commands:': say('word.commands'),
  };
  const namePlaces = (term: string) =>
    term.replace('[options]', say('word.options_place')).replace('[command]', say('word.command_place'));
  return program
    .configureHelp({
      showGlobalOptions: true,
      displayWidth: stringWidth,
      styleTitle: (title) => titles[title] ?? title,
      styleUsage: namePlaces,
      subcommandTerm: (command) => namePlaces(usual.subcommandTerm(command)),
      optionDescription: (option) => describeOption(option, say),
      // Commander puts a blank behind the first title, which Chinese has not behind its colon.
      formatHelp: (command, helper) => usual.formatHelp.call(helper, command, helper).replace('： ', '：'),
      // English is wrapped at its blanks, as commander does it.
      ...(language === 'en' ? {} : { boxWrap: wrapText }),
    })
    .helpOption('-h, --help', say('word.help'))
    .helpCommand('help [command]', say('word.help'));
}

/** Flags that are given or not have a default that says nothing. */
function describeOption({ description, defaultValue, required, optional }: Option, say: SayHelp): string {
  if (defaultValue === undefined || !(required || optional)) return description;
  return say('word.default', { description, value: JSON.stringify(defaultValue) });
}
