import { isRecord } from '@comfleet/comfyui';

/** One problem with an input of a node, in the contract's format. */
interface NodeProblem {
  field: string | null;
  reason: string;
  message: string;
}

type Details = Record<string, unknown> | null;

/** From ComfyUI's format (`{errors: [{type, message, input_name}]}`, as flow returns it) to the contract's list per node. */
export function toNodeErrors(details: Details): Record<string, NodeProblem[]> {
  const named = Object.entries(readNodes(details)).filter(([nodeId]) => nodeId !== '');
  return Object.fromEntries(named.map(([nodeId, node]) => [nodeId, readProblems(node)]));
}

/** Returns a sentence with the first problem and its node; null if no problem is known. */
export function toWorkflowMessage(details: Details): string | null {
  for (const [nodeId, node] of Object.entries(readNodes(details))) {
    const [first] = readProblems(node);
    if (!first) continue;
    const field = first.field === null ? '' : `, input '${first.field}'`;
    return nodeId === '' ? first.message : `Node ${nodeId}${field}: ${first.message}`;
  }
  const reason = details?.reason;
  return typeof reason === 'string' ? reason : null;
}

function readNodes(details: Details): Record<string, unknown> {
  const nodes = details?.node_errors;
  return isRecord(nodes) ? nodes : {};
}

function readProblems(node: unknown): NodeProblem[] {
  const errors = isRecord(node) && Array.isArray(node.errors) ? node.errors : [];
  return errors.filter(isRecord).map((error) => ({
    field: typeof error.input_name === 'string' ? error.input_name : null,
    reason: typeof error.type === 'string' ? error.type : 'invalid',
    message: typeof error.message === 'string' ? error.message : 'not valid',
  }));
}
