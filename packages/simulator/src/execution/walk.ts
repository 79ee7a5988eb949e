import type { FileStore } from '../files/file-store.ts';
import type { JsonObject } from '../json/lossless-json.ts';
import type { Catalog } from '../nodes/catalog.ts';
import type { VersionProfile } from '../profile.ts';
import type { NodeError } from './check-literal.ts';

/** The verdict on one node: its own errors; invalid without any when something upstream is. */
export interface Checked {
  readonly valid: boolean;
  readonly errors: readonly NodeError[];
}

/** One walk up from the output nodes. */
export interface Walk {
  readonly prompt: JsonObject;
  readonly catalog: Catalog;
  readonly files: FileStore;
  readonly version: VersionProfile;
  readonly validated: Map<string, Checked>;
  /** The nodes between an output and where the walk is, in order. */
  readonly path: string[];
  /** Checks a node and all it needs. Throws PythonError where Python raises. */
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

/** What stands where Python would tell its stack. */
export function fakeTraceback(): string[] {
  return [
    '  File "/simulated/ComfyUI/execution.py", line 811, in validate_inputs\n    o_class_type = prompt[o_id][\'class_type\']\n',
  ];
}
