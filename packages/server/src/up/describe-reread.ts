import { type DefinitionProblem, formatDefinitionProblem } from '@comfleet/contract';
import type { Reread } from '../app/follow-config.ts';
import type { SayStart } from './say-start.ts';

const LISTED = 20;

/** Text for the terminal about everything refused; empty if nothing is. Pure. */
export function describeProblems(say: SayStart, problems: readonly DefinitionProblem[]): string[] {
  if (problems.length === 0) return [];
  const lines = problems.slice(0, LISTED).map((problem) => `  ${describeDefinition(say, problem)}`);
  const rest = problems.length - lines.length;
  return [
    say('start.refused', { count: problems.length }),
    ...lines,
    ...(rest > 0 ? [say('start.more_refused', { count: rest })] : []),
    say('start.correct_files'),
  ];
}

/** Text for users after a reload; of refused definitions only new ones. Pure. */
export function describeReread(say: SayStart, { file, config, problems, before }: Reread): string[] {
  const isNew = JSON.stringify(problems) !== JSON.stringify(before);
  const well = problems.length === 0 ? [say('start.none_refused')] : describeProblems(say, problems);
  return [...describeConfig(say, file ?? '', config), ...(isNew ? well : [])];
}

function describeConfig(say: SayStart, file: string, config: Reread['config']): string[] {
  if (config.kind === 'refused') return [say('start.config_refused', { file })];
  const list = (keys: readonly string[]) => keys.join(', ');
  const { overridden } = config;
  const without = overridden.length === 0 ? [] : [say('start.overridden', { keys: list(overridden) })];
  if (config.kind === 'unchanged') return without;
  const { inForce, needsRestart } = config;
  return [
    inForce.length === 0
      ? say('start.config_read', { file })
      : say('start.config_in_force', { file, keys: list(inForce) }),
    ...(needsRestart.length === 0 ? [] : [say('start.needs_restart', { keys: list(needsRestart) })]),
    ...without,
  ];
}

/** A refused definition in one line: its position and its problem. Pure. */
export function describeDefinition(say: SayStart, problem: DefinitionProblem): string {
  return formatDefinitionProblem(problem, (text, sentence) => say('start.said', { what: text ?? sentence }));
}
