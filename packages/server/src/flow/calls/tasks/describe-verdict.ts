import { type ClassifiedProblem, findGraphNode, type Graph, type GraphVerdict } from '@comfleet/comfyui';
import { describeGraphProblem } from '@comfleet/contract';
import type { TaskText } from '@comfleet/contract/texts/tasks';

/** Limit of warnings, as nobody reads more. */
const MAX_WARNINGS = 20;

/**
 * What a caller is told of a graph that is accepted all the same: outputs that will not run and why, then what the worker may
 * refuse. Each names node and input.
 */
export function describeVerdict(graph: Graph, verdict: GraphVerdict): TaskText[] {
  const certain = verdict.problems.filter(({ certainty }) => certainty === 'certain');
  const causes = new Map(certain.map((problem) => [problem.nodeId, problem]));
  const failing = certain.filter(({ effect }) => effect === 'fails_run');
  const left = verdict.removed.map(({ nodeId, causes: ids }): TaskText => {
    const cause = ids.map((id) => causes.get(id)).find((found) => found !== undefined);
    const params = { node: nodeId, class_type: classOf(graph, nodeId) };
    if (cause === undefined) return { code: 'graph.output_left_out', params };
    const problem = place(graph, cause);
    // The problem names the node already.
    if (cause.nodeId === nodeId) return { code: 'graph.output_left_out_itself', params: { problem } };
    return { code: 'graph.output_left_out_for', params: { ...params, problem } };
  });
  const doubtful = verdict.problems.filter(({ certainty }) => certainty === 'doubtful');
  const texts: TaskText[] = [
    ...failing.map(
      (problem): TaskText => ({ code: 'graph.fails', params: { problem: place(graph, problem) } }),
    ),
    ...left,
    ...doubtful.map(
      (problem): TaskText => ({ code: 'graph.doubtful', params: { problem: place(graph, problem) } }),
    ),
  ];
  const count = failing.length + left.length + verdict.doubtfulCount;
  const shown = texts.slice(0, MAX_WARNINGS);
  if (count <= shown.length) return shown;
  return [...shown, { code: 'graph.more', params: { count: count - shown.length } }];
}

/** The problem with the place where it is. */
function place(graph: Graph, { nodeId, inputName, message }: ClassifiedProblem): TaskText {
  const node = nodeId ?? '';
  const params = {
    node,
    class_type: classOf(graph, node),
    problem: describeGraphProblem(message, inputName),
  };
  if (inputName === null) return { code: 'graph.at_node', params };
  return { code: 'graph.at_input', params: { ...params, input: inputName.slice(0, MAX_NAME) } };
}

const MAX_NAME = 200;

function classOf(graph: Graph, nodeId: string): string {
  return findGraphNode(graph, nodeId)?.class_type.slice(0, MAX_NAME) ?? '';
}
