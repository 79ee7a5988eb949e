import type { Graph } from '@comfleet/comfyui';
import type { TaskText } from '@comfleet/contract/texts/tasks';
import type { OpenChoice } from '../tasks/requirements.ts';
import { describeStandIn } from './bind-parameters.ts';
import type { ModelOffer } from './model-choices.ts';
import { nameProblem } from './parameter-problem.ts';
import type { StandIns } from './stand-ins.ts';
import { writeInput } from './write-input.ts';

/** A task whose workflow names files that the request did not, and that no worker was known to have or to lack. */
export interface OpenTask {
  /** Its own copy: stand-ins are written here. */
  readonly graph: Graph;
  readonly taskType: string;
  readonly versionId: string;
  readonly openChoices: readonly OpenChoice[];
}

/** The values written into the graph, by parameter, and a warning about each. */
export interface DrawnFiles {
  readonly parameters: Record<string, string>;
  readonly warnings: TaskText[];
}

/**
 * Chooses stand-ins for the open files of a task, from the fleet as known now, and writes them into the task's graph. A file that
 * some worker has stays; so does one without a certain stand-in, which the worker then checks.
 */
export function drawOpenChoices(
  { graph, openChoices, ...workflow }: OpenTask,
  offers: readonly ModelOffer[],
  standIns: StandIns,
): DrawnFiles {
  const drawn: DrawnFiles = { parameters: {}, warnings: [] };
  for (const { parameter, modelKind, targets } of openChoices) {
    const wanted = { name: parameter, modelKind, targets, defaultValue: undefined };
    const standIn = standIns.find({ ...workflow, graph }, wanted, offers);
    if (standIn.kind !== 'file') continue;
    for (const target of targets) writeInput(graph, target, standIn.name);
    drawn.parameters[parameter] = standIn.name;
    drawn.warnings.push(nameProblem(describeStandIn(parameter, standIn)));
  }
  return drawn;
}
