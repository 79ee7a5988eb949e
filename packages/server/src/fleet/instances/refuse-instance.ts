import { type FleetText, toFleetSentence } from '@comfleet/contract/texts/fleet';
import { AppError } from '../../platform/errors/app-error.ts';

/** INSTANCE_CONFIG for a setting of a process and its value. */
export function refuseInstance(field: string, value: string, text: FleetText): AppError {
  const problem = toFleetSentence(text);
  const named = { code: 'parameter.problem', params: { parameter: `${field} ${value}`, problem: text } };
  return new AppError('INSTANCE_CONFIG', { field, value, problem, problem_text: text, message_text: named });
}
