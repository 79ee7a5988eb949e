import type { Graph } from '@comfleet/comfyui';
import { convertValue } from './convert-value.ts';
import { copyGraph } from './copy-graph.ts';
import type { StandIn } from './model-choices.ts';
import type { WorkflowDefinition, WorkflowParameter } from './workflow-definition.ts';
import { findTargetProblem, writeInput } from './write-input.ts';

/**
 * The graph for a form that may be incomplete: with the valid values, and with stand-ins for files that no worker has. For checks
 * only; `bindParameters` binds a task's graph.
 */
export function fillGraph(
  definition: Pick<WorkflowDefinition, 'graph' | 'parameters'>,
  values: Readonly<Record<string, unknown>>,
  findStandIn: (parameter: WorkflowParameter) => StandIn,
): Graph {
  const graph = copyGraph(definition.graph);
  for (const parameter of definition.parameters) {
    if (parameter.derive !== null || parameter.dataType === 'image') continue;
    const value = values[parameter.name] ?? readStandIn(findStandIn(parameter)) ?? parameter.defaultValue;
    const outcome = value === undefined ? null : convertValue(parameter, value);
    if (!outcome?.ok) continue;
    for (const target of parameter.targets)
      if (findTargetProblem(graph, target) === null) writeInput(graph, target, outcome.value);
  }
  return graph;
}

function readStandIn(standIn: StandIn): string | undefined {
  return standIn.kind === 'file' ? standIn.name : undefined;
}
