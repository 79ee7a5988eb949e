import { createHash, type Hash } from 'node:crypto';
import { type ObjectInfo, OfferedChoices, type TimeSlice } from '@comfleet/comfyui';
import type { Inventory } from './inventory.ts';

/** What workers of one kind can run: node classes, the choices that these offer, and model files. */
export interface WorkerKind {
  /** Hash of the content: equal for workers that offer the same, whatever their operating system and uploads. */
  readonly id: string;
  readonly classTypes: ReadonlySet<string>;
  /** Folder → file names with `/`. */
  readonly models: Inventory['models'];
  readonly choices: OfferedChoices;
}

type Source = Pick<Inventory, 'objectInfo' | 'classTypes' | 'models'>;

/** Choices derived from an object_info, kept as long as an inventory uses it: half a megabyte of lists. */
const offers = new WeakMap<ObjectInfo, { choices: OfferedChoices; text: string }>();
/** Kinds by object_info, classes with replacements, and listings. */
const kinds = new WeakMap<ObjectInfo, WeakMap<Inventory['classTypes'], ByModels>>();
type ByModels = WeakMap<Inventory['models'], WorkerKind>;

/** The kind of a worker with this inventory; derived once for inventories with the same parts. */
export function toWorkerKind({ objectInfo, classTypes, models }: Source): WorkerKind {
  const byClasses = kinds.get(objectInfo) ?? new WeakMap<Inventory['classTypes'], ByModels>();
  kinds.set(objectInfo, byClasses);
  const byModels: ByModels = byClasses.get(classTypes) ?? new WeakMap();
  byClasses.set(classTypes, byModels);
  const known = byModels.get(models);
  if (known) return known;
  const { choices, text } = readOffers(objectInfo);
  const files = [...models].map(([folder, names]) => [folder, ...[...names].sort()]);
  const id = hash(JSON.stringify([text, [...classTypes].sort(), files.sort()]));
  const kind = { id, classTypes, models, choices };
  byModels.set(models, kind);
  return kind;
}

/** The kinds of these inventories, without duplicates. */
export function listKinds(inventories: Iterable<Source | null>): WorkerKind[] {
  const kinds = new Map<string, WorkerKind>();
  for (const inventory of inventories) {
    if (inventory === null) continue;
    const kind = toWorkerKind(inventory);
    kinds.set(kind.id, kind);
  }
  return [...kinds.values()];
}

function readOffers(objectInfo: ObjectInfo): { choices: OfferedChoices; text: string } {
  const known = offers.get(objectInfo);
  if (known) return known;
  const choices = new OfferedChoices(objectInfo);
  const digest = createHash('sha256');
  for (const piece of writeOffers(choices)) digest.update(piece);
  return keepOffers(choices, digest);
}

/** Derives in steps what `toWorkerKind` would derive at once: an object_info of 20 MB takes a second. */
export async function prepareKind(objectInfo: ObjectInfo, slice: TimeSlice): Promise<void> {
  if (offers.has(objectInfo)) return;
  const choices = new OfferedChoices(objectInfo);
  const digest = createHash('sha256');
  for (const piece of writeOffers(choices)) {
    digest.update(piece);
    await slice.yieldIfSpent();
  }
  keepOffers(choices, digest);
}

/** Writes choices as JSON, one class at a time. */
function* writeOffers(choices: OfferedChoices): Generator<string> {
  let before = '[';
  for (const offered of choices.describe()) {
    yield before + JSON.stringify(offered);
    before = ',';
  }
  yield before === '[' ? '[]' : ']';
}

function keepOffers(choices: OfferedChoices, digest: Hash): { choices: OfferedChoices; text: string } {
  const read = { choices, text: digest.digest('hex').slice(0, 16) };
  offers.set(choices.objectInfo, read);
  return read;
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
