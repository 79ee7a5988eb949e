import { isRecord, readNumber, readString, readStrings } from '../json/records.ts';
import { ComfyError } from './comfy-error.ts';
import type { CallOptions, HttpCalls } from './http-calls.ts';

/** As `ComfyHttp.loadModels`. */
export async function loadModels(
  calls: HttpCalls,
  folder: string,
  options: CallOptions,
): Promise<string[] | null> {
  const body = await orMissing(calls.loadJson(`/models/${encodeURIComponent(folder)}`, options, 16));
  return body === MISSING ? null : readStrings(body).map((name) => name.replaceAll('\\', '/'));
}

/** As `ComfyHttp.loadModelSizes`. */
export async function loadModelSizes(
  calls: HttpCalls,
  folder: string,
  options: CallOptions,
): Promise<Map<string, number> | null> {
  const path = `/experiment/models/${encodeURIComponent(folder)}`;
  const answer = await orMissing(calls.loadJson(path, options, 16));
  return answer === MISSING ? null : readSizes(answer);
}

/** As `ComfyHttp.loadModelMetadata`. */
export async function loadModelMetadata(
  calls: HttpCalls,
  { folder, name }: { folder: string; name: string },
  options: CallOptions,
): Promise<Record<string, unknown> | null> {
  const path = `/view_metadata/${encodeURIComponent(folder)}?${new URLSearchParams({ filename: name })}`;
  const answer = await orMissing(calls.loadJson(path, options, 2));
  return isRecord(answer) ? answer : null;
}

/** As `ComfyHttp.loadFolderPaths`. */
export async function loadFolderPaths(
  calls: HttpCalls,
  options: CallOptions,
): Promise<Record<string, string[]>> {
  const answer = await orMissing(calls.loadJson('/internal/folder_paths', options, 4));
  if (!isRecord(answer)) return {};
  return Object.fromEntries(Object.entries(answer).map(([key, paths]) => [key, readStrings(paths)]));
}

const MISSING = Symbol('missing');

async function orMissing(answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ComfyError && error.details.status === 404) return MISSING;
    throw error;
  }
}

function readSizes(value: unknown): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const file of Array.isArray(value) ? value.filter(isRecord) : []) {
    const name = readString(file, 'name')?.replaceAll('\\', '/');
    const size = readNumber(file, 'size');
    if (name === undefined || size === undefined || sizes.has(name)) continue;
    if (Number.isSafeInteger(size) && size >= 0) sizes.set(name, size);
  }
  return sizes;
}
