import { type Alias, type Document, isCollection, visit } from 'yaml';

/**
 * Offset of the first alias that has no anchor before it or exceeds the uses of its anchor, else of the first that repeats other
 * aliases; null if there is none. `maxUses` includes the anchor's own position, as in the parser.
 */
export function findBadAlias(document: Document, maxUses: number): number | null {
  const uses = new Map<string, number>();
  const anchorsOverAliases = new Set<string>();
  const bad: { wrong?: Alias; repeating?: Alias } = {};
  visit(document, {
    Alias: (_key, alias, ancestors) => {
      const count = uses.get(alias.source) ?? maxUses;
      if (count >= maxUses) {
        bad.wrong = alias;
        return visit.BREAK;
      }
      if (anchorsOverAliases.has(alias.source)) bad.repeating ??= alias;
      uses.set(alias.source, count + 1);
      for (const node of ancestors)
        if (isCollection(node) && node.anchor !== undefined) anchorsOverAliases.add(node.anchor);
      return undefined;
    },
    Value: (_key, { anchor }) => {
      if (anchor !== undefined) uses.set(anchor, 1);
    },
  });
  return (bad.wrong ?? bad.repeating)?.range?.[0] ?? null;
}
