import { type Json, type JsonObject, writeJson, writeString } from '../json/lossless-json.ts';
import { NodeFailure } from '../nodes/node-run.ts';
import { inputsOf, readLink } from './order.ts';

const MEMORY_TIPS =
  'This error means you ran out of memory on your GPU.\n\nTIPS: If the workflow worked before you might have accidentally set the batch_size to a large number.';

/** Python's name of the exception that a node raised. */
export function typeOfFailure(error: unknown): string {
  return error instanceof NodeFailure ? error.type : 'RuntimeError';
}

/** True if the node ran out of GPU memory. */
export function isOutOfMemory(error: unknown): boolean {
  return typeOfFailure(error).endsWith('OutOfMemoryError');
}

/** The members of `execution_error` that describe the error, as JSON text without braces. */
export function describeFailure(prompt: JsonObject, id: string, error: unknown): string {
  const type = typeOfFailure(error);
  const message = error instanceof Error ? error.message : String(error);
  const inputs: Record<string, Json[]> = {};
  for (const [name, value] of inputsOf(prompt, id)) {
    inputs[name] = [readLink(value) === undefined ? value : `<simulated ${name}>`];
  }
  const traceback = [
    '  File "/simulated/ComfyUI/execution.py", line 496, in execute\n',
    `  File "/simulated/ComfyUI/nodes.py", line 1, in run\n    raise ${type}\n`,
  ];
  return [
    `"exception_message": ${writeString(`${message}\n${isOutOfMemory(error) ? MEMORY_TIPS : ''}`)}`,
    `"exception_type": ${writeString(type)}`,
    `"traceback": ${writeJson(traceback)}`,
    `"current_inputs": ${writeJson(inputs)}`,
    `"current_outputs": ${writeJson([...prompt.keys()])}`,
  ].join(', ');
}
