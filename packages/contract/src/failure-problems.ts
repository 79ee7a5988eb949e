import { cutText, isRecord, nameNode, quoteText, readText } from './failure-words.ts';
import { readSentText, type Text } from './texts/text.ts';

/** This many problems are listed one by one; the rest is only counted. */
const MAX_NAMED = 20;

/**
 * The kinds of problem that ComfyUI finds when it validates a graph (`validate_inputs`), by the start of its message. Messages of
 * Comfleet start the same way. Any other message is shown as received.
 */
const KINDS: readonly (readonly [kind: string, opening: RegExp])[] = [
  ['required_input_missing', /^Required input is missing/],
  ['bad_linked_input', /^Bad linked input, must be a length-2 list of \[node_id, slot_index\]/],
  ['return_type_mismatch', /^Return type mismatch between linked nodes/],
  ['invalid_input_type', /^Failed to convert an input value to an? (?<type>\w+) value/],
  ['value_smaller_than_min', /^Value (?<value>.+?) smaller than min of (?<bound>[^:]+)/],
  ['value_bigger_than_max', /^Value (?<value>.+?) bigger than max of (?<bound>[^:]+)/],
  ['value_not_in_list', /^Value not in list/],
  ['custom_validation_failed', /^Custom validation failed for node/],
  ['exception_during_validation', /^Exception when validating node/],
  ['exception_during_inner_validation', /^Exception when validating inner node/],
  ['missing_node_type', /^Cannot execute because node (?<class_type>.+?) does not exist\.?/],
  ['no_class_type', /^Cannot execute because node '(?<node>.*)' has no class_type/],
  ['no_inputs', /^Node '(?<node>.*)' has no inputs object/],
  ['no_object', /^(?:Node|_meta of node) '(?<node>.*)' is not an object/],
  ['not_a_graph', /^A graph is an object of graph nodes/],
  ['ui_format', /^This is a workflow as the ComfyUI page saves it\..*/],
  ['bad_name', /^"(?<name>.*)" cannot be an? (?:node id|input name)/],
  ['long_name', /^Ids of nodes, classes and names of inputs have at most (?<limit>\d+) characters/],
  ['long_number', /^A whole number has more than (?<limit>\d+) digits, which ComfyUI cannot read/],
  ['unsafe_value', /^Value has a forbidden key or is nested too deeply/],
  ['many_inputs', /^A node has at most (?<limit>\d+) inputs/],
  ['many_values', /^The lists and objects of a node have at most (?<limit>\d+) values, all together/],
  ['unknown_input', /^(?<class_type>\S+) takes no input (?<input>.+)/],
  ['no_such_output', /^Input .+? links to output (?<index>.+?) of a node that has (?<count>\d+)/],
  ['linked_to_absent', /^Input .+? links to a node that is not in the graph/],
  ['linked_to_nothing', /^Input .+? links to node '(?<source>.+?)', which is not in the graph/],
  ['dependency_cycle', /^Dependency cycle detected/],
  ['prompt_no_outputs', /^Prompt has no outputs/],
  ['prompt_outputs_failed_validation', /^Prompt outputs failed validation/],
  ['policy_workflow', /^Rule "(?<rule>[^"]+)" refuses workflow (?<workflow>.+)/],
  ['policy_no_workflow', /^Rule "(?<rule>[^"]+)" allows named workflows only/],
  [
    'policy_api_node',
    /^Rule "(?<rule>[^"]+)" refuses node class (?<class_type>.+), which calls a service on the internet$/,
  ],
  ['policy_node', /^Rule "(?<rule>[^"]+)" refuses node class (?<class_type>.+)/],
  ['policy_model', /^Rule "(?<rule>[^"]+)" refuses model (?<model>.+)/],
  ['policy_odd_size', /^Rule "(?<rule>[^"]+)" allows (?<limit>\w+) up to (?<most>\S+), not a plain number/],
  ['policy_size', /^Rule "(?<rule>[^"]+)" allows (?<limit>\w+) up to (?<most>\S+), not (?<value>\S+)/],
];

/** Returns one text per problem of a graph or request: per node and input, per field, or what the worker lacks. */
export function describeProblems(details: Record<string, unknown>): Text[] {
  const nodes = isRecord(details.node_errors) ? Object.entries(details.node_errors) : [];
  const fields = Array.isArray(details.problems) ? details.problems.filter(isRecord) : [];
  const file = fields.length > 0 ? readText(details.file) : null;
  const described = [
    ...(file === null || fields.every(hasLine) ? [] : [{ code: 'failure.in_file', params: { file } }]),
    ...nodes.flatMap(describeNode),
    ...fields.map((field) => describeField(field, file)),
  ];
  const all = described.length > 0 ? described : describeWhole(details);
  const named = all.slice(0, MAX_NAMED);
  const known = typeof details.problem_count === 'number' ? details.problem_count : 0;
  const more = Math.max(all.length, known) - named.length;
  return more > 0 ? [...named, { code: 'failure.more', params: { count: more } }] : named;
}

function describeNode([node, found]: [string, unknown]): Text[] {
  if (!isRecord(found) || !Array.isArray(found.errors)) return [];
  const where = nameNode(node, found);
  return found.errors.filter(isRecord).map((error) => {
    const input = readText(error.input_name) ?? readText(readExtra(error).input_name);
    const problem = describeProblem(error, input);
    if (node === '') return problem;
    return input === null
      ? { code: 'failure.at_node', params: { where, problem } }
      : { code: 'failure.at_input', params: { where, input, problem } };
  });
}

/** Splits the message of a graph problem into its kind and the details after it. The input is named where the text is shown. */
export function describeGraphProblem(message: string, input: string | null = null): Text {
  return describeProblem({ message }, input);
}

/** The kind of problem with its details: ComfyUI's, or what follows the kind in one of our messages. */
function describeProblem(error: Record<string, unknown>, input: string | null): Text {
  const message = readText(error.message) ?? readText(error.type) ?? '?';
  const { what, rest } = readKind(message);
  const facts = [rest, readText(error.details) ?? '']
    .map((part) => withoutName(part, input))
    .filter((part) => part !== '');
  if (facts.length === 0) return what;
  return { code: 'failure.kind', params: { kind: what, facts: cutText(facts.join(': ')) } };
}

function readKind(message: string): { what: Text; rest: string } {
  for (const [kind, opening] of KINDS) {
    const match = opening.exec(message);
    if (match === null) continue;
    const what = { code: `invalid.${kind}`, params: { ...match.groups } };
    return { what, rest: message.slice(match[0].length).replace(/^: /, '') };
  }
  return { what: quoteText(cutText(message)), rest: '' };
}

/** The input is already named next to the problem: drops its name at the start of the details. */
function withoutName(facts: string, input: string | null): string {
  if (input === null || !facts.startsWith(input)) return facts;
  const rest = facts.slice(input.length);
  const [separator] = /^(: |, | - |$)/.exec(rest) ?? [null];
  return separator === null ? facts : rest.slice(separator.length);
}

function hasLine({ line }: Record<string, unknown>): boolean {
  return typeof line === 'number';
}

/** A field of a request, a parameter of a workflow, or a path in the configuration with its line in the file. */
function describeField(problem: Record<string, unknown>, file: string | null): Text {
  const problemText = readSentText(problem.text) ?? quoteText(cutText(readText(problem.message) ?? '?'));
  const parameter = [problem.path, problem.parameter, problem.name].map(readText).find((one) => one !== null);
  const place =
    file === null || !hasLine(problem)
      ? []
      : [[file, problem.line, problem.column].filter(isNumberOrText).join(':')];
  const named = [...place, ...(typeof parameter === 'string' && parameter !== '' ? [parameter] : [])].join(
    ' ',
  );
  if (named === '') return problemText;
  return { code: 'parameter.problem', params: { parameter: named, problem: problemText } };
}

/** What a worker reported about the graph as a whole, or what no worker has. */
function describeWhole(details: Record<string, unknown>): Text[] {
  if (isRecord(details.error)) return [describeProblem(details.error, null)];
  const lacks = readSentText(details.lacks);
  return lacks === null ? [] : [lacks];
}

function isNumberOrText(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'string';
}

function readExtra(error: Record<string, unknown>): Record<string, unknown> {
  return isRecord(error.extra_info) ? error.extra_info : {};
}
