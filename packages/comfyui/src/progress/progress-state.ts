import { collectAncestors, findGraphNode, type Graph } from '../graphs/graph.ts';
import { isLosslessNumber } from '../json/lossless-number.ts';
import { type ProgressMessage, readPromptId, type SocketMessage } from '../socket/socket-message.ts';

/** Progress of one prompt. `fraction` goes from 0 to 1, never back, and is 1 only when the prompt succeeded (PR3). */
export interface ProgressState {
  promptId: string;
  fraction: number;
  /** The graph node that runs now, as in the submitted graph. */
  currentNodeId: string | null;
  currentClass: string | null;
  step: number | null;
  steps: number | null;
  nodesDone: number;
  nodesTotal: number;
  nodesCached: number;
  /** Nodes that finished or were cached. */
  done: readonly string[];
  /** Share of the work per graph node; a node with a `steps` input counts that many times. */
  weights: Readonly<Record<string, number>>;
  classes: Readonly<Record<string, string>>;
}

const ALMOST = 0.999;

/** The state before the first message. With `outputNodeIds`, nodes that feed no output do not count. */
export function createProgressState(options: {
  promptId: string;
  graph: Graph;
  outputNodeIds?: readonly string[];
}): ProgressState {
  const { promptId, graph, outputNodeIds = [] } = options;
  const feeding = outputNodeIds.length > 0 ? collectAncestors(graph, outputNodeIds) : new Set<string>();
  const ids = feeding.size > 0 ? [...feeding] : Object.keys(graph);
  return {
    promptId,
    fraction: 0,
    currentNodeId: null,
    currentClass: null,
    step: null,
    steps: null,
    nodesDone: 0,
    nodesTotal: ids.length,
    nodesCached: 0,
    done: [],
    weights: Object.fromEntries(ids.map((id) => [id, weigh(graph, id)])),
    classes: Object.fromEntries(ids.map((id) => [id, findGraphNode(graph, id)?.class_type ?? ''])),
  };
}

function weigh(graph: Graph, nodeId: string): number {
  const steps = findGraphNode(graph, nodeId)?.inputs['steps'];
  const count = isLosslessNumber(steps) ? Number(steps.value) : steps;
  return typeof count === 'number' && count > 1 ? Math.min(count, 1000) : 1;
}

/** The progress after a message; messages of other prompts and unknown ones change nothing. */
export function nextProgress(state: ProgressState, message: SocketMessage): ProgressState {
  if (readPromptId(message) !== state.promptId || state.fraction === 1) return state;
  switch (message.type) {
    case 'execution_cached':
      return finishNodes({ ...state, nodesCached: message.data.nodes.length }, message.data.nodes);
    case 'executing':
      return message.data.node === null
        ? state
        : startNode(state, message.data.display_node ?? message.data.node);
    case 'progress':
      return stepNode(state, message.data);
    case 'progress_state':
      return afterNodeStates(state, Object.values(message.data.nodes));
    case 'executed':
      return finishNodes(state, [message.data.display_node]);
    case 'execution_success':
      return {
        ...finishNodes(state, Object.keys(state.weights)),
        fraction: 1,
        currentNodeId: null,
        currentClass: null,
      };
    default:
      return state;
  }
}

function startNode(state: ProgressState, nodeId: string): ProgressState {
  if (state.currentNodeId === nodeId) return state;
  const before = state.currentNodeId;
  const next = before === null ? state : finishNodes(state, [before]);
  return {
    ...next,
    currentNodeId: nodeId,
    currentClass: next.classes[nodeId] ?? null,
    step: null,
    steps: null,
  };
}

function stepNode(
  state: ProgressState,
  { node: nodeId, value: step, max: steps }: ProgressMessage['data'],
): ProgressState {
  const known = nodeId !== null && Object.hasOwn(state.weights, nodeId) ? nodeId : state.currentNodeId;
  const current =
    known === null ? state : { ...state, currentNodeId: known, currentClass: state.classes[known] ?? null };
  return measure({ ...current, step, steps });
}

function afterNodeStates(
  state: ProgressState,
  nodes: readonly { display_node_id: string; state: string; value: number; max: number }[],
): ProgressState {
  const running = nodes.filter((node) => node.state === 'running');
  const busy = new Set(running.map((node) => node.display_node_id));
  const finished = nodes.map((node) => node.display_node_id).filter((id) => !busy.has(id));
  const next = finishNodes(state, finished);
  const last = running.at(-1);
  if (last === undefined) return next;
  return measure({
    ...next,
    currentNodeId: last.display_node_id,
    currentClass: next.classes[last.display_node_id] ?? null,
    step: last.value,
    steps: last.max,
  });
}

function finishNodes(state: ProgressState, nodeIds: readonly string[]): ProgressState {
  const known = new Set(nodeIds.filter((id) => Object.hasOwn(state.weights, id)));
  const added = [...known].filter((id) => !state.done.includes(id));
  if (added.length === 0) return measure(state);
  const done = [...state.done, ...added];
  return measure({ ...state, done, nodesDone: done.length });
}

function measure(state: ProgressState): ProgressState {
  const weightOf = (id: string): number => state.weights[id] ?? 0;
  const total = Object.values(state.weights).reduce((sum, weight) => sum + weight, 0);
  const finished = state.done.reduce((sum, id) => sum + weightOf(id), 0);
  const { currentNodeId, step, steps } = state;
  const counts = currentNodeId !== null && step !== null && steps !== null && steps > 0;
  const partial =
    counts && !state.done.includes(currentNodeId)
      ? weightOf(currentNodeId) * Math.min(1, Math.max(0, step / steps))
      : 0;
  const fraction = total > 0 ? Math.min(ALMOST, (finished + partial) / total) : 0;
  return fraction > state.fraction ? { ...state, fraction } : state;
}
