import type { AssetId } from '@comfleet/contract';
import { isInlineFile } from '../../platform/text/data-url.ts';
import type { Actor } from '../ownership/actor.ts';
import type { AssetRow } from './asset-tables.ts';

/** Source of the files that a graph names. */
export interface FileSource {
  /** Resolves the file of an input, or its inline data. Throws MISSING_ASSET, BODY_TOO_LARGE. */
  resolveReference(actor: Actor, reference: string): Promise<AssetRow>;
  /** An asset that the actor may see, by its id; null when there is none. */
  findVisible(actor: Actor, id: AssetId): Promise<AssetRow | null>;
}

/** Wraps a source for the tasks of one batch, so that shared inline data is stored once. */
export function shareInlineFiles(source: FileSource): FileSource {
  const stored = new Map<string, Promise<AssetRow>>();
  return {
    findVisible: (actor, id) => source.findVisible(actor, id),
    resolveReference: (actor, reference) => {
      if (!isInlineFile(reference)) return source.resolveReference(actor, reference);
      const known = stored.get(reference) ?? source.resolveReference(actor, reference);
      stored.set(reference, known);
      return known;
    },
  };
}
