import { type Choice, isModelFileName } from '@comfleet/comfyui';
import type { WorkerKind } from '../../fleet/workers/inventory/worker-kind.ts';
import { findMissing, listDoubts, type ModelFile, type NeededChoice, type Needs } from './needs.ts';

/** Needs of a task, and the kinds of workers that can run it, as the fleet is known now. */
export interface ResolvedNeeds<T extends Needs> {
  readonly needs: T;
  /** Sorted ids of kinds; with a trailing `?` if the kind lists fewer of the choices than another one. */
  readonly kinds: readonly string[];
}

/**
 * Resolves the choices of a task against the known fleet. A choice is a file when a folder listing has it, or when its name ends
 * like a model file, and a worker lists it for that input. A value that no worker lists is not required, so that the nearest
 * worker is tried. Once resolved as a file it stays one, because its worker may be away or not have reported yet. Pure.
 */
export function resolveNeeds<T extends Needs>(needs: T, kinds: readonly WorkerKind[]): ResolvedNeeds<T> {
  const resolved = needs.choices ? { ...needs, ...readFiles(needs.choices, needs.models, kinds) } : needs;
  const able = kinds.flatMap((kind) => {
    const worker = { ...ANY_WORKER, ...kind, capabilities: [], labels: resolved.labels ?? [] };
    if (findMissing(worker, { ...resolved, inputBytes: 0 })) return [];
    return [{ id: kind.id, doubts: listDoubts(kind, resolved).length }];
  });
  const least = Math.min(...able.map(({ doubts }) => doubts));
  const ids = able.map(({ id, doubts }) => (doubts > least ? `${id}?` : id));
  return { needs: resolved, kinds: [...new Set(ids)].sort() };
}

/** Limits of single workers are part of the lane key themselves. */
const ANY_WORKER = { maxUploadBytes: null, vramBytes: 0 };

function readFiles(
  choices: readonly NeededChoice[],
  known: readonly ModelFile[],
  kinds: readonly WorkerKind[],
): Pick<Needs, 'models'> & { choices: NeededChoice[] } {
  const models = new Map<string, ModelFile>();
  const read = choices.map(({ classType, inputName, value, isFile }): NeededChoice => {
    const choice: Choice = { classType, inputName, value };
    const offering = kinds.filter((kind) => kind.choices.list(classType, inputName)?.has(value));
    const listed = findFolder(choice, { kinds, offering });
    const folder = listed ?? (isFile ? (known.find(({ name }) => name === value)?.folder ?? null) : null);
    if (!isFile && (offering.length === 0 || (folder === null && !isModelFileName(value)))) return choice;
    models.set(`${folder}/${value}`, { folder, name: value });
    return { ...choice, isFile: true };
  });
  return { choices: read, models: [...models.values()] };
}

/** The folder that lists a value; of several, the one whose listing is most similar to the list of choices. */
function findFolder(
  choice: Choice,
  { kinds, offering }: { kinds: readonly WorkerKind[]; offering: readonly WorkerKind[] },
): string | null {
  const folders = new Set<string>();
  for (const { models } of kinds)
    for (const [folder, names] of models) if (names.has(choice.value)) folders.add(folder);
  const [first = null] = folders;
  if (folders.size < 2) return first;
  const likeness = (folder: string) =>
    Math.max(...offering.map((kind) => compareLists(kind, choice, folder)));
  const [best = first] = [...folders].sort((a, b) => likeness(b) - likeness(a) || (a < b ? -1 : 1));
  return best;
}

/** Similarity of a folder listing and a list of choices: 0 … 1. */
function compareLists({ models, choices }: WorkerKind, choice: Choice, folder: string): number {
  const listing = models.get(folder) ?? new Set();
  const values = new Set(choices.list(choice.classType, choice.inputName)?.keys());
  let common = 0;
  for (const name of listing) if (values.has(name)) common += 1;
  return common / Math.max(1, listing.size + values.size - common);
}
