import type { Catalogue, Message, Messages } from '@comfleet/contract/texts/catalogue';

const NAMED = /(?<!npx )\bcomfleet (?=[a-z-])/g;

/** A catalogue whose sentences name the program as it was called here: `npx comfleet tasks list`. Pure. */
export function nameCommand<M extends Messages>(catalogue: Catalogue<M>, command: string): Catalogue<M> {
  if (command === 'comfleet') return catalogue;
  const languages = Object.entries(catalogue).map(([language, messages]) => [
    language,
    Object.fromEntries(
      Object.entries(messages as Messages).map(([code, message]) => [code, nameIn(message, command)]),
    ),
  ]);
  return Object.fromEntries(languages) as Catalogue<M>;
}

function nameIn(message: Message, command: string): Message {
  const name = (sentence: string) => sentence.replace(NAMED, `${command} `);
  if (typeof message === 'string') return name(message);
  const cases = Object.entries(message.cases).map(([value, sentence]) => [value, name(sentence)]);
  return {
    by: message.by,
    cases: { ...Object.fromEntries(cases), other: name(message.cases.other) },
  };
}
