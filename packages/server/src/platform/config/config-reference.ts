import type { z } from 'zod';
import { describeSchema, type SchemaNode } from './schema-lookup.ts';

interface Row {
  path: string;
  node: SchemaNode;
}

function introduce(startKeys: readonly string[]): string {
  return `# Configuration

[中文](config.zh-CN.md)

<!-- Generated from packages/server/src/app/settings.ts; a test compares. -->

One YAML file, given with \`--config FILE\`, else \`config.yaml\` in the data folder. Without a file, or with an empty one, the
defaults below apply. Relative paths start at the folder of the file. An unknown key is an error. Changes of the file apply while the
server runs, and so does a \`config.yaml\` that is created later; if it is not valid, the previous configuration stays in force. The
terminal and the log report what is in force, what is refused at which line and column, and what takes effect only after a restart,
because it is read once at the start: ${startKeys.map((key) => `\`${key}\``).join(', ')}.

Each value can also come from the environment, which takes precedence over the file: \`COMFLEET__SECTION__KEY\`, for example
\`COMFLEET__SERVER__PORT=9000\`; lists are written as in YAML, \`[a, b]\`. Also accepted: \`COMFLEET_DATA\` (data_dir),
\`COMFYUI_HOST\`, \`COMFYUI_PORT\`, \`COMFYUI_TIMEOUT\` (comfyui), and \`COMFYUI_REPO_PATH\`, \`COMFYUI_PYTHON\`,
\`COMFYUI_PORT_RANGE\`, \`COMFYUI_LISTEN\`, \`COMFYUI_STARTUP_TIMEOUT_SECONDS\`, \`COMFYUI_HEARTBEAT_INTERVAL_SECONDS\`,
\`COMFYUI_INSTANCE_BASE_DIR\`, \`COMFYUI_LOG_DIR\` (instances). Relative paths there start at the current folder.

If the configuration is not valid at the start, the server prints every problem with line and column and exits with code 78.

| key | kind | default | meaning |
|---|---|---|---|
`;
}

/** Texts of another language that replace the English ones. */
export interface ReferenceWords {
  introduce(startKeys: readonly string[]): string;
  kinds: {
    path: string;
    block: string;
    anything: string;
    or: string;
    list(items: string): string;
    blocks: string;
    types: Readonly<Record<string, string>>;
  };
  /** Throws for a description without translation. */
  describe(description: string): string;
}

const ENGLISH: ReferenceWords = {
  introduce,
  kinds: {
    path: 'path',
    block: 'block',
    anything: 'anything',
    or: ' or ',
    list: (items) => `list of ${items}`,
    blocks: 'blocks',
    types: { integer: 'whole number', string: 'text', boolean: 'true or false' },
  },
  describe: (description) => description,
};

/** Renders docs/reference/config.md from the schema of the whole file and the keys that are read at the start. */
export function renderConfigReference(
  schema: z.ZodType,
  startKeys: readonly string[],
  words: ReferenceWords = ENGLISH,
): string {
  const lines = listRows(describeSchema(schema), '').map(({ path, node }) => toLine(path, node, words));
  return `${words.introduce(startKeys)}${lines.join('\n')}\n`;
}

function toLine(path: string, node: SchemaNode, { kinds, describe }: ReferenceWords): string {
  const fallback = isBlock(node) || node.default === undefined ? '' : `\`${JSON.stringify(node.default)}\``;
  const description = node.description === undefined ? '' : describe(node.description).replaceAll('|', '\\|');
  return `| \`${path}\` | ${describeType(node, kinds)} | ${fallback} | ${description} |`;
}

function listRows(node: SchemaNode, path: string): Row[] {
  const own: Row[] = path === '' ? [] : [{ path, node }];
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

function isBlock(node: SchemaNode): boolean {
  return node.properties !== undefined || node.additionalProperties !== undefined;
}

function describeType(node: SchemaNode, kinds: ReferenceWords['kinds']): string {
  if (node.path === true) return kinds.path;
  if (node.enum) return node.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (node.anyOf) return [...new Set(node.anyOf.map((one) => describeType(one, kinds)))].join(kinds.or);
  if (node.items) return kinds.list(node.items.properties ? kinds.blocks : describeType(node.items, kinds));
  if (isBlock(node)) return kinds.block;
  return kinds.types[node.type ?? ''] ?? node.type ?? kinds.anything;
}
