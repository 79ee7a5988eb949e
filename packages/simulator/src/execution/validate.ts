import type { FileStore } from '../files/file-store.ts';
import { isObject, type JsonObject, type Writable } from '../json/lossless-json.ts';
import type { Catalog } from '../nodes/catalog.ts';
import type { VersionProfile } from '../profile.ts';
import type { NodeError } from './check-literal.ts';
import { checkNode } from './check-node.ts';
import { findClass, type PromptError } from './find-class.ts';
import { type Checked, fakeTraceback, PythonError, type Walk } from './walk.ts';

/** The result of validating a prompt, in the order and shape of a real server. */
export type ValidationResult =
  | { readonly ok: true; readonly outputs: readonly string[]; readonly nodeErrors: Writable }
  | { readonly ok: false; readonly error: PromptError; readonly nodeErrors: Writable };

/** What a prompt is validated against. */
export interface ValidationScope {
  readonly catalog: Catalog;
  readonly files: FileStore;
  readonly version: VersionProfile;
  /** If given, only these output nodes. */
  readonly targets?: readonly string[];
}

/** Validates as ComfyUI does: from the output nodes upward, converting literals in place. */
export function validatePrompt(prompt: JsonObject, scope: ValidationScope): ValidationResult {
  const outputs: string[] = [];
  for (const [id, node] of prompt) {
    const found = findClass({ id, node }, scope.catalog, scope.version);
    if ('error' in found) return { ok: false, error: found.error, nodeErrors: {} };
    if (found.isOutput && (scope.targets === undefined || scope.targets.includes(id))) outputs.push(id);
  }
  if (outputs.length === 0) {
    const error = {
      type: 'prompt_no_outputs',
      message: 'Prompt has no outputs',
      details: '',
      extra_info: {},
    };
    return { ok: false, error, nodeErrors: {} };
  }
  const { catalog, files, version } = scope;
  return checkOutputs(outputs, {
    prompt,
    catalog,
    files,
    version,
    validated: new Map(),
    path: [],
    check: checkNode,
  });
}

type NodeErrors = Map<string, { errors: Writable; dependent_outputs: string[]; class_type: Writable }>;

function checkOutputs(outputs: readonly string[], walk: Walk): ValidationResult {
  const good: string[] = [];
  const failures: NodeError[] = [];
  const nodeErrors: NodeErrors = new Map();
  for (const output of outputs) {
    const checked = checkOutput(output, walk);
    if (checked.valid) {
      good.push(output);
      continue;
    }
    failures.push(...checked.errors);
    addErrors(output, walk, nodeErrors);
  }
  if (good.length > 0) return { ok: true, outputs: good, nodeErrors };
  const error = {
    type: 'prompt_outputs_failed_validation',
    message: 'Prompt outputs failed validation',
    details: failures.map(({ message, details }) => `${message}: ${details}`).join('\n'),
    extra_info: {},
  };
  return { ok: false, error, nodeErrors };
}

/** As in ComfyUI, every invalid node found so far also counts for this output. */
function addErrors(output: string, walk: Walk, nodeErrors: NodeErrors): void {
  for (const [id, { valid, errors }] of walk.validated) {
    if (valid || errors.length === 0) continue;
    let entry = nodeErrors.get(id);
    if (entry === undefined) {
      entry = {
        errors: errors.map((error) => ({ ...error })),
        dependent_outputs: [],
        class_type: classOf(walk.prompt, id),
      };
      nodeErrors.set(id, entry);
    }
    entry.dependent_outputs.push(output);
  }
}

function classOf(prompt: JsonObject, id: string): Writable {
  const node = prompt.get(id);
  return isObject(node) ? node.get('class_type') : null;
}

function checkOutput(id: string, walk: Walk): Checked {
  walk.path.splice(0);
  try {
    return checkNode(id, walk);
  } catch (error) {
    if (!(error instanceof PythonError)) throw error;
    const failed: Checked = {
      valid: false,
      errors: [
        {
          type: 'exception_during_validation',
          message: 'Exception when validating node',
          details: error.message,
          extra_info: { exception_type: error.type, traceback: fakeTraceback() },
        },
      ],
    };
    walk.validated.set(id, failed);
    return failed;
  }
}
