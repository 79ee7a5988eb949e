import { parse } from 'node:path';
import type { BatchDetail, Result, Task } from '@comfleet/contract';
import { toFileName } from './save-results.ts';

/** Names that sort in the order of the items. */
export const USUAL_NAMES = '{index}-{seed}-{prompt}';

const PLACEHOLDER = /\{(\w+)\}/g;
const KNOWN = new Set(['index', 'seed', 'prompt']);
const LEAST_DIGITS = 3;
const LONGEST_PROMPT = 60;

/** What a pattern of names holds that is no placeholder of it. */
export function findUnknownPlaceholder(pattern: string): string | null {
  return [...pattern.matchAll(PLACEHOLDER)].find(([, name = '']) => !KNOWN.has(name))?.[0] ?? null;
}

/** An item of a batch, as far as names go. `item` counts from 1. */
export interface NamedItem {
  item: number;
  total: number;
  seed: string | null;
  prompt: string | null;
}

/**
 * The name of one result of an item: `{index}` with as many digits as the largest needs, `{seed}`, `{prompt}` as far as file systems
 * take it. A further result of the same item has its number at the end. Pure.
 */
export function nameItemFile(
  pattern: string,
  { item, total, seed, prompt }: NamedItem,
  result: Pick<Result, 'name' | 'index' | 'asset_id'>,
): string {
  const values: Record<string, string> = {
    index: String(item).padStart(Math.max(LEAST_DIGITS, String(total).length), '0'),
    seed: seed ?? '',
    prompt: toFilePart(prompt ?? ''),
  };
  const filled = pattern.replaceAll(PLACEHOLDER, (_all, name: string) => values[name] ?? '');
  // What is empty leaves no pair of signs behind, and no folder is made.
  const stem = filled
    .replaceAll(/[/\\]/g, '-')
    .replaceAll(/([-_ ])[-_ ]+/g, '$1')
    .replaceAll(/^[-_ .]+|[-_ .]+$/g, '');
  const further = result.index === 0 ? '' : `-${result.index + 1}`;
  return `${stem || values.index}${further}${parse(toFileName(result)).ext}`;
}

function toFilePart(text: string): string {
  const words = text
    .normalize('NFC')
    .replaceAll(/[^\p{L}\p{N}]+/gu, '-')
    .replaceAll(/^-+|-+$/g, '');
  return [...words].slice(0, LONGEST_PROMPT).join('').replace(/-+$/, '');
}

/** What was asked for in an item: the parameter of that name. */
export function promptOf({ parameters }: Pick<Task, 'parameters'>): string | null {
  const { prompt } = parameters;
  return typeof prompt === 'string' ? prompt : null;
}

/** The file that says what came of each item. */
export interface BatchManifest {
  batch_id: string;
  name: string | null;
  created_at: string;
  items: {
    item: number;
    task_id: string;
    status: string;
    prompt: string | null;
    seed: string | null;
    parameters: Record<string, unknown>;
    /** Names of its files in the folder of the manifest. */
    files: string[];
  }[];
}

/** What there is to say of a batch now; `files` by task. Pure. */
export function createManifest(
  batch: Pick<BatchDetail, 'batch_id' | 'name' | 'created_at' | 'tasks'>,
  files: ReadonlyMap<string, readonly string[]>,
): BatchManifest {
  return {
    batch_id: batch.batch_id,
    name: batch.name,
    created_at: batch.created_at,
    items: batch.tasks.map((task, index) => ({
      item: index + 1,
      task_id: task.task_id,
      status: task.status,
      prompt: promptOf(task),
      seed: task.seed,
      parameters: task.parameters,
      files: [...(files.get(task.task_id) ?? [])],
    })),
  };
}
