import { type Choice, isModelFileName } from '@comfleet/comfyui';
import type { WorkerKind } from '../../fleet/workers/inventory/worker-kind.ts';
import { findMissing, listDoubts, type ModelFile, type NeededChoice, type Needs } from './needs.ts';

/** What a task needs and the kinds of workers that can run it, as the fleet is known now. */
export interface ResolvedNeeds<T extends Needs> {
  readonly needs: T;
  /** Ids of kinds, one with `?` when it lists fewer of the choices than another one does; sorted. */
  readonly kinds: readonly string[];
}

/**
 * Holds the choices of a task against everything that is known of the fleet. A choice is a file when some listing has it or it
 * ends as files of models do, and some worker lists it for that input: what nobody lists is nobody's need, so that the nearest
 * worker is tried. Once it was shown to be a file it stays one: the worker that has it may be away, or not be heard yet after a
 * start. Pure.
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

/** Limits of single workers are in a lane's key by themselves. */
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

/** The folder in whose listing a value stands; of several the one that is most like the list the value was picked from. */
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

/** Share of what the listing and the list have in common. */
function compareLists({ models, choices }: WorkerKind, choice: Choice, folder: string): number {
  const listing = models.get(folder) ?? new Set();
  const values = new Set(choices.list(choice.classType, choice.inputName)?.keys());
  let common = 0;
  for (const name of listing) if (values.has(name)) common += 1;
  return common / Math.max(1, listing.size + values.size - common);
}
