import { type FaultSpec, readText } from '../faults/fault-script.ts';
import type { Writable } from '../json/lossless-json.ts';
import { isSince, type VersionProfile } from '../profile.ts';
import { type Reply, replyJson } from './reply.ts';
import type { ServerState } from './server-state.ts';

/** The `validation_error` fault: the refusal of a worker without this model or class. */
export function readPlannedRefusal(state: ServerState, promptId: string): Reply | undefined {
  const spec: FaultSpec | undefined = state.faults.take('validation_error', promptId);
  if (spec === undefined) return undefined;
  state.ledger.append('prompt_refused', { prompt_id: promptId, error: 'validation_error' });
  const className = readText(spec, 'class', 'MissingNode');
  if (readText(spec, 'kind', 'missing_class') === 'missing_class') {
    return replyJson({ error: missingClass(className, state.options.version), node_errors: {} }, 400);
  }
  const reason = {
    type: 'value_not_in_list',
    message: 'Value not in list',
    details: "ckpt_name: 'missing.safetensors' not in []",
    extra_info: { input_name: 'ckpt_name', input_config: [[], {}], received_value: 'missing.safetensors' },
  };
  const error = {
    type: 'prompt_outputs_failed_validation',
    message: 'Prompt outputs failed validation',
    details: `${reason.message}: ${reason.details}`,
    extra_info: {},
  };
  const nodeErrors = {
    '4': { errors: [reason], dependent_outputs: ['9'], class_type: 'CheckpointLoaderSimple' },
  };
  return replyJson({ error, node_errors: nodeErrors }, 400);
}

function missingClass(className: string, version: VersionProfile): Record<string, Writable> {
  const details = "Node ID '#1'";
  if (!isSince(version, '0.33')) {
    const message = `Cannot execute because node ${className} does not exist.`;
    return { type: 'invalid_prompt', message, details, extra_info: {} };
  }
  return {
    type: 'missing_node_type',
    message: `Node '${className}' not found. The custom node may not be installed.`,
    details,
    extra_info: { node_id: '1', class_type: className, node_title: className },
  };
}
