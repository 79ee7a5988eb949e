import type { Text } from '@comfleet/contract';
import { toDefinitionSentence } from '@comfleet/contract/texts/definitions';

/** A problem with a field of a request; `message` is the English of `text`. */
export interface RequestProblem {
  readonly path: string;
  readonly message: string;
  readonly text: Text;
}

export function requestProblem(path: string, text: Text): RequestProblem {
  return { path, message: toDefinitionSentence(text), text };
}
