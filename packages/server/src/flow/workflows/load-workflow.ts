import {
  findJsonBreak,
  findJsonKey,
  type Graph,
  type GraphProblem,
  parseGraph,
  parseLosslessJson,
} from '@comfleet/comfyui';
import { readRegularFile } from '@comfleet/comfyui/node';
import { type DefinitionProblem, describeGraphProblem, plainText, type Text } from '@comfleet/contract';
import { type DefinitionText, toDefinitionSentence } from '@comfleet/contract/texts/definitions';
import { blake3 } from 'hash-wasm';
import type { DefinitionFiles, FilePlace } from '../../platform/config/definition-files.ts';
import { toError } from '../../platform/errors/app-error.ts';
import { compileWorkflow, type WorkflowPlace } from './compile-workflow.ts';
import type { MergeProblem, PlacedWorkflow } from './merge-sources.ts';
import type { WorkflowDefinition as WorkflowSource } from './task-types-schema.ts';
import type { WorkflowDefinition } from './workflow-definition.ts';

const MAX_FILE_BYTES = 32 * 1024 * 1024;

/** A definition that may be offered, or its problems with their positions. */
export type LoadedWorkflow =
  | { ok: true; definition: WorkflowDefinition }
  | { ok: false; problems: DefinitionProblem[] };

/** Reads the graph of a definition, combines the two and checks them. Never throws because of the files' content. */
export async function loadWorkflow(placed: PlacedWorkflow, files: DefinitionFiles): Promise<LoadedWorkflow> {
  const { name, taskType } = placed.place;
  const base = ['task_types', taskType, 'workflows', name];
  const inYaml = async (at: readonly string[]): Promise<FilePlace> =>
    (await files.find(placed.definedIn, base, at)) ?? { file: placed.file };
  const refuse = (text: Text, place: FilePlace) => toDefinitionProblem(name, text, place);

  let text: string;
  try {
    // ComfyUI on Windows may write a byte order mark.
    const bytes = await readRegularFile(placed.file, { maxBytes: MAX_FILE_BYTES });
    text = bytes.toString('utf8').replace(/^\uFEFF/, '');
  } catch (thrown) {
    const problem = refuse(describeUnreadable(placed.file, thrown), await inYaml(['workflow_file']));
    return { ok: false, problems: [problem] };
  }
  const read = readGraph(text);
  if (!read.ok) {
    const problems = read.problems.map(({ text: told, ...place }) =>
      refuse(told, { file: placed.file, ...place }),
    );
    return { ok: false, problems };
  }
  const definition = await finish(placed.place, placed.source, read.graph);
  if (definition.problems.length === 0) return { ok: true, definition };
  const problems: DefinitionProblem[] = [];
  for (const { at, text: told } of definition.problems) problems.push(refuse(told, await inYaml(at)));
  return { ok: false, problems };
}

/** Finds the position of a task type's problem. */
export async function locateMergeProblem(
  { definedIn, path, text }: MergeProblem,
  files: DefinitionFiles,
): Promise<DefinitionProblem> {
  return toDefinitionProblem(null, text, (await files.find(definedIn, path)) ?? { file: '' });
}

function toDefinitionProblem(
  workflow: string | null,
  text: Text,
  { file, line = 0, column = 0 }: FilePlace,
): DefinitionProblem {
  return {
    workflow,
    file: file === '' ? null : file,
    line: line === 0 ? null : line,
    column: column === 0 ? null : column,
    message: toDefinitionSentence(text),
    text,
  };
}

function describeUnreadable(file: string, thrown: unknown): DefinitionText {
  const error = toError(thrown);
  const isMissing = 'code' in error && error.code === 'ENOENT';
  return isMissing
    ? { code: 'workflow.no_file', params: { file } }
    : { code: 'workflow.unreadable', params: { file, reason: error.message } };
}

type ReadGraph =
  | { ok: true; graph: Graph }
  | { ok: false; problems: { text: Text; line?: number; column?: number }[] };

function readGraph(text: string): ReadGraph {
  let value: unknown;
  try {
    value = parseLosslessJson(text);
  } catch {
    return { ok: false, problems: [{ text: plainText('workflow.no_json'), ...findJsonBreak(text) }] };
  }
  const parsed = parseGraph(value);
  if (parsed.ok) return parsed;
  const problems = parsed.problems.map((problem) => ({
    text: describeGraphProblem(problem.message),
    ...findInGraph(text, problem),
  }));
  return { ok: false, problems };
}

/** Finds the input or node of a problem, also in a wrapped graph. */
function findInGraph(text: string, { nodeId, inputName }: GraphProblem) {
  if (nodeId === null) return null;
  const node = [nodeId];
  const input = inputName === null ? node : [nodeId, 'inputs', inputName];
  for (const path of [input, ['prompt', ...input], node, ['prompt', ...node]]) {
    const place = findJsonKey(text, path);
    if (place !== null) return place;
  }
  return null;
}

/** Adds the hashes. The version covers what determines a task, but neither the file's path nor `enabled` flags. */
async function finish(
  place: WorkflowPlace,
  source: WorkflowSource,
  graph: Graph,
): Promise<WorkflowDefinition> {
  const compiled = compileWorkflow(place, source, graph);
  const { workflow_file: _file, enabled: _enabled, ...content } = source;
  const graphHash = await blake3(compiled.graphText);
  const versionId = await blake3(JSON.stringify([place.name, place.taskType, content, graphHash]));
  return { ...compiled, graphHash, versionId };
}
