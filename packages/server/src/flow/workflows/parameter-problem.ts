import type { ParameterProblem } from '@comfleet/contract';
import { type TaskText, toTaskSentence } from '@comfleet/contract/texts/tasks';

/** A problem of one value; `code` is for programs, the text for users. */
export interface Problem extends ParameterProblem {
  text: TaskText;
}

/** A problem with its English sentence. */
export function createProblem(parameter: string, code: string, text: TaskText): Problem {
  return { parameter, code, message: toTaskSentence(text), text };
}

/** The problem, prefixed with the name of its parameter. */
export function nameProblem({ parameter, text }: Problem): TaskText {
  return { code: 'parameter.problem', params: { parameter, problem: text } };
}
