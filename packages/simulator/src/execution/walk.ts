import type { FileStore } from '../files/file-store.ts';
import type { JsonObject } from '../json/lossless-json.ts';
import type { Catalog } from '../nodes/catalog.ts';
import type { VersionProfile } from '../profile.ts';
import type { NodeError } from './check-literal.ts';

/** The result for one node: its own errors; invalid without errors if a node upstream is invalid. */
export interface Checked {
  readonly valid: boolean;
  readonly errors: readonly NodeError[];
}

/** One traversal upward from the output nodes. */
export interface Walk {
  readonly prompt: JsonObject;
  readonly catalog: Catalog;
  readonly files: FileStore;
  readonly version: VersionProfile;
  readonly validated: Map<string, Checked>;
  /** The nodes from an output to the current one, in order. */
  readonly path: string[];
  /** Checks a node and everything it depends on. Throws PythonError where Python raises. */
  readonly check: (id: string, walk: Walk) => Checked;
}

/** A Python exception inside validation: its type and text. */
export class PythonError extends Error {
  readonly type: string;
  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

/** Placeholder for Python's stack trace. */
export function fakeTraceback(): string[] {
  return [
    '  File "/simulated/ComfyUI/execution.py", line 811, in validate_inputs\n    o_class_type = prompt[o_id][\'class_type\']\n',
  ];
}
