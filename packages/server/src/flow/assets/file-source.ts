import type { AssetId, PrincipalId } from '@comfleet/contract';
import { isInlineFile } from '../../platform/text/data-url.ts';
import type { AssetRow } from './asset-tables.ts';

/** Source of the files that a graph names. */
export interface FileSource {
  /** Resolves the file of an input, or its inline data. Throws MISSING_ASSET, BODY_TOO_LARGE. */
  resolveReference(ownerId: PrincipalId, reference: string): Promise<AssetRow>;
  /** An asset of this owner by its id; null when there is none. */
  findOwn(ownerId: PrincipalId, id: AssetId): Promise<AssetRow | null>;
}

/** Wraps a source for the tasks of one batch, so that shared inline data is stored once. */
export function shareInlineFiles(source: FileSource): FileSource {
  const stored = new Map<string, Promise<AssetRow>>();
  return {
    findOwn: (ownerId, id) => source.findOwn(ownerId, id),
    resolveReference: (ownerId, reference) => {
      if (!isInlineFile(reference)) return source.resolveReference(ownerId, reference);
      const known = stored.get(reference) ?? source.resolveReference(ownerId, reference);
      stored.set(reference, known);
      return known;
    },
  };
}
