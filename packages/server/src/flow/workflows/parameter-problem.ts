import type { ParameterProblem } from '@comfleet/contract';
import { type TaskText, toTaskSentence } from '@comfleet/contract/texts/tasks';

/** What is wrong with one value; `code` tells programs what kind it is, the text tells people. */
export interface Problem extends ParameterProblem {
  text: TaskText;
}

/** A problem with its English sentence. */
export function createProblem(parameter: string, code: string, text: TaskText): Problem {
  return { parameter, code, message: toTaskSentence(text), text };
}

/** The problem with the name of its parameter before it. */
export function nameProblem({ parameter, text }: Problem): TaskText {
  return { code: 'parameter.problem', params: { parameter, problem: text } };
}
