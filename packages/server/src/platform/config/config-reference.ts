import type { z } from 'zod';
import { describeSchema, type SchemaNode } from './schema-lookup.ts';

interface Row {
  path: string;
  type: string;
  fallback: string;
  description: string;
}

const introduce = (startKeys: readonly string[]): string => `# Configuration

<!-- Generated from packages/server/src/app/settings.ts; a test compares. -->

One YAML file, given with \`--config FILE\`, else \`config.yaml\` in the data folder. Without one, or with an empty one, everything has
the default below. Relative paths start at the folder of the file. An unknown key is an error. A change of the file is taken over
while running, and so is a \`config.yaml\` that comes later; when it is not valid, the configuration before stays in force. The terminal
and the log say what is in force, what is refused at which line and column, and what waits for a restart, since it is read once at the
start: ${startKeys.map((key) => `\`${key}\``).join(', ')}.

Each value can also come from the environment, which wins over the file: \`COMFLEET__SECTION__KEY\`, for example
\`COMFLEET__SERVER__PORT=9000\`; lists are written as in YAML, \`[a, b]\`. Also understood: \`COMFLEET_DATA\` (data_dir),
\`COMFYUI_HOST\`, \`COMFYUI_PORT\`, \`COMFYUI_TIMEOUT\` (comfyui), and \`COMFYUI_REPO_PATH\`, \`COMFYUI_PYTHON\`,
\`COMFYUI_PORT_RANGE\`, \`COMFYUI_LISTEN\`, \`COMFYUI_STARTUP_TIMEOUT_SECONDS\`, \`COMFYUI_HEARTBEAT_INTERVAL_SECONDS\`,
\`COMFYUI_INSTANCE_BASE_DIR\`, \`COMFYUI_LOG_DIR\` (instances). Relative paths there start at the current folder.

When the configuration is not valid at the start the server prints every problem with line and column and ends with exit code 78.

| key | kind | default | meaning |
|---|---|---|---|
`;

/** docs/reference/config.md, from the schema of the whole file and the keys that are read at the start. */
export function renderConfigReference(schema: z.ZodType, startKeys: readonly string[]): string {
  const rows = listRows(describeSchema(schema), '');
  const lines = rows.map(
    ({ path, type, fallback, description }) => `| \`${path}\` | ${type} | ${fallback} | ${description} |`,
  );
  return `${introduce(startKeys)}${lines.join('\n')}\n`;
}

function listRows(node: SchemaNode, path: string): Row[] {
  const own: Row[] = path === '' ? [] : [toRow(node, path)];
  const children = Object.entries(node.properties ?? {}).flatMap(([key, child]) =>
    listRows(child, path === '' ? key : `${path}.${key}`),
  );
  const items = node.items?.properties ? listRows(node.items, `${path}[]`).slice(1) : [];
  const values = node.additionalProperties;
  const entries =
    typeof values === 'object' && (values.properties ?? values.additionalProperties)
      ? listRows(values, `${path}.<name>`).slice(1)
      : [];
  return [...own, ...children, ...items, ...entries];
}

function toRow(node: SchemaNode, path: string): Row {
  return {
    path,
    type: describeType(node),
    fallback: isBlock(node) || node.default === undefined ? '' : `\`${JSON.stringify(node.default)}\``,
    description: (node.description ?? '').replaceAll('|', '\\|'),
  };
}

function isBlock(node: SchemaNode): boolean {
  return node.properties !== undefined || node.additionalProperties !== undefined;
}

function describeType(node: SchemaNode): string {
  if (node.path === true) return 'path';
  if (node.enum) return node.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (node.anyOf) return [...new Set(node.anyOf.map(describeType))].join(' or ');
  if (node.items) return `list of ${node.items.properties ? 'blocks' : describeType(node.items)}`;
  if (isBlock(node)) return 'block';
  const words: Record<string, string> = { integer: 'whole number', string: 'text', boolean: 'true or false' };
  return words[node.type ?? ''] ?? node.type ?? 'anything';
}
