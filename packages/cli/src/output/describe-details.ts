/** An error's details in lines: one for each field or node input that is wrong, else the JSON as it is. */
export function describeDetails(details: unknown): string[] {
  if (!isRecord(details)) return [];
  const { problems, node_errors: nodeErrors, ...others } = details;
  const rest = Object.fromEntries(Object.entries(others).filter(([, value]) => !isEmptyList(value)));
  return [
    ...(Array.isArray(problems) ? problems.map(describeProblem) : []),
    ...(isRecord(nodeErrors) ? Object.entries(nodeErrors).flatMap(describeNode) : []),
    ...(Object.keys(rest).length > 0 ? [JSON.stringify(rest)] : []),
  ];
}

function describeProblem(problem: unknown): string {
  if (!isRecord(problem)) return JSON.stringify(problem);
  const where = [problem.path, problem.parameter, problem.name].find((name) => typeof name === 'string');
  const what = typeof problem.message === 'string' ? problem.message : JSON.stringify(problem);
  return typeof where === 'string' && where !== '' ? `${where}: ${what}` : what;
}

function describeNode([nodeId, node]: [string, unknown]): string[] {
  const errors = isRecord(node) && Array.isArray(node.errors) ? node.errors : [node];
  return errors.map((error) => {
    const isKnown = isRecord(error) && typeof error.message === 'string';
    const input = isRecord(error) && typeof error.input_name === 'string' ? `.${error.input_name}` : '';
    if (!isKnown) return `node ${nodeId}${input}: ${JSON.stringify(error)}`;
    // ComfyUI's message names the kind of problem, its details the value or the file.
    const more = typeof error.details === 'string' && error.details !== '' ? `: ${error.details}` : '';
    return `node ${nodeId}${input}: ${String(error.message)}${more}`;
  });
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
