import type { Text } from './texts/text.ts';

/** A sentence quotes at most this many characters of a worker's message; the full message is shown separately. */
const MAX_CHARACTERS = 300;

/** A graph node as users know it: its id, its title and its class. */
export function nameNode(node: string, known: Record<string, unknown>): Text {
  const classType = readText(known.class_type);
  const title = readText(known.title);
  if (classType === null) return { code: 'failure.node', params: { node } };
  if (title === null || title === classType)
    return { code: 'failure.node_of_class', params: { node, class_type: classType } };
  return { code: 'failure.titled_node', params: { node, title, class_type: classType } };
}

/** A text that is shown verbatim. */
export function quoteText(words: string): Text {
  return { code: 'failure.said', params: { words } };
}

/** Shortens a text to what fits in a sentence. */
export function cutText(text: string): string {
  return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text;
}

/** A string that is not empty; null for anything else. */
export function readText(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
