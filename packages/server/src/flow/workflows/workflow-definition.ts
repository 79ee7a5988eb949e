import type { Graph, ModelKind } from '@comfleet/comfyui';
import type { DataType, Label } from '@comfleet/contract';
import type { DefinitionText } from '@comfleet/contract/texts/definitions';

/** One input of one graph node. */
export interface GraphTarget {
  nodeId: string;
  inputName: string;
}

/** A named input of a workflow, compiled from `parameter_mapping`. */
export interface WorkflowParameter {
  name: string;
  /** The first input it writes; null for one that only feeds derived ones. */
  target: GraphTarget | null;
  /** Every input it writes, `target` first. */
  targets: readonly GraphTarget[];
  dataType: DataType;
  description: Label | string | null;
  label: Label | null;
  required: boolean;
  /** Undefined when the graph's own value is the default. */
  defaultValue: unknown;
  min: number | null;
  max: number | null;
  multipleOf: number | null;
  /** In characters; null means the general limit of 10 kB. */
  maxLength: number | null;
  options: readonly (string | number)[] | null;
  /** It names a model file: if no worker has its default, one of this kind stands in. */
  modelKind: ModelKind | null;
  derive: { multiply: readonly string[]; round: boolean } | null;
}

/** A problem of a definition. */
export interface KeyProblem {
  /** The keys that lead to it from the workflow's own key in its YAML file. */
  at: readonly string[];
  text: DefinitionText;
}

/** Groups of named parameter values: group → preset → parameter → value. */
export type WorkflowPresets = Record<string, Record<string, Record<string, string | number | boolean>>>;

/** A named workflow: its graph (frozen) and its parameters. Offered only while `problems` is empty. */
export interface WorkflowDefinition {
  name: string;
  title: Label;
  /** The author's label. */
  version: string;
  /** blake3 hex of definition and graph: what a task pins. */
  versionId: string;
  taskType: string;
  description: Label | string | null;
  /** False when the workflow or its task type is disabled. */
  enabled: boolean;
  isDefault: boolean;
  /** How parameters of a request that are not listed here are handled. */
  unknownParameters: 'strict' | 'lenient' | 'allow';
  /** Execution limit of its tasks: 0 means none, null the general one. */
  timeoutMs: number | null;
  /** A running prompt that makes no progress for this long counts as hung; null: never. */
  silenceLimitMs: number | null;
  parameters: readonly WorkflowParameter[];
  presets: WorkflowPresets | null;
  /** Null: all outputs rank equally. */
  primaryOutputNodes: readonly string[] | null;
  /** The graph as JSON without spaces, numbers as written in the file. */
  graphText: string;
  graph: Graph;
  /** blake3 hex of `graphText`. */
  graphHash: string;
  problems: readonly KeyProblem[];
}
