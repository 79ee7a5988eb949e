import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { constants, copyFile, link, mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { CollectedOutput, OutputFile } from '../completion/collected-output.ts';
import { ComfyError } from '../http/comfy-error.ts';
import type { ComfyHttp } from '../http/comfy-http.ts';
import { toPortableName } from '../platform/portable-name.ts';
import type { SocketImage } from '../session/tracked-prompt.ts';
import type { Clock } from '../time/clock.ts';

/** Where and how to save the files of a prompt. */
export interface SaveOptions {
  folder: string;
  /** Name without extension for all files; by default the server's names. */
  fileName?: string;
  /** Save previews (`temp`) too. Default: only if the prompt produced nothing else. */
  includeTemporary?: boolean;
  signal?: AbortSignal;
}

const ATTEMPTS = 5;

/**
 * Saves output files and socket images below `folder`, in order, and returns their paths. A file appears whole or not at all,
 * replaces nothing (a taken name gets `_1`, `_2`, …), and never leaves the folder, whatever name the server sends.
 */
export async function saveOutputs(
  from: { http: ComfyHttp; clock: Clock },
  outputs: { outputs: readonly CollectedOutput[]; socketImages: readonly SocketImage[] },
  options: SaveOptions,
): Promise<string[]> {
  const folder = resolve(options.folder);
  await mkdir(folder, { recursive: true });
  const paths: string[] = [];
  const save = async (file: OutputFile): Promise<void> => {
    const write = (path: string): Promise<void> => download(from, { file, path, signal: options.signal });
    paths.push(await place(folder, chooseName(file.filename, options.fileName), write));
  };
  const previews = await saveMade(outputs.outputs, save);
  const isOnlyPreviews = paths.length === 0 && outputs.socketImages.length === 0;
  if (options.includeTemporary === true || isOnlyPreviews) {
    for (const { file, hasInlineText } of previews)
      await (hasInlineText ? unlessAbsent(save(file)) : save(file));
  }
  for (const { nodeId, mimeType, image } of outputs.socketImages) {
    const name = `${nodeId}.${mimeType === 'image/png' ? 'png' : 'jpg'}`;
    paths.push(await place(folder, chooseName(name, options.fileName), (path) => writeFile(path, image)));
  }
  return paths;
}

interface Preview {
  file: OutputFile;
  hasInlineText: boolean;
}

/** Saves the permanent outputs of the prompt and returns its previews. A path from a node is in temp if output lacks it. */
async function saveMade(
  outputs: readonly CollectedOutput[],
  save: (file: OutputFile) => Promise<void>,
): Promise<Preview[]> {
  const previews: Preview[] = [];
  for (const { file, temporary, text } of outputs) {
    if (file === undefined) continue;
    const hasInlineText = text !== undefined;
    if (temporary) previews.push({ file, hasInlineText });
    else if (!hasInlineText) await save(file);
    else if (!(await unlessAbsent(save(file))))
      previews.push({ file: { ...file, type: 'temp' }, hasInlineText });
  }
  return previews;
}

/** False when the server has no such file. */
async function unlessAbsent(saving: Promise<void>): Promise<boolean> {
  try {
    await saving;
    return true;
  } catch (error) {
    if (error instanceof ComfyError && error.details.status === 404) return false;
    throw error;
  }
}

/** A name that is one path segment on every system. */
function chooseName(serverName: string, fileName: string | undefined): string {
  const own = cleanName(serverName.replaceAll('\\', '/'));
  if (fileName === undefined) return own;
  const extension = extname(own);
  const wanted = cleanName(fileName);
  return extension !== '' && wanted.toLowerCase().endsWith(extension.toLowerCase())
    ? wanted
    : wanted + extension;
}

function cleanName(name: string): string {
  const clean = basename(name);
  const extension = extname(clean);
  const stem = clean.slice(0, clean.length - extension.length).slice(0, 80);
  return toPortableName(/^\.*$/.test(stem) ? `output${extension}` : stem + extension.slice(0, 16));
}

async function place(folder: string, name: string, write: (path: string) => Promise<void>): Promise<string> {
  const temporary = join(folder, `.${randomUUID()}.part`);
  try {
    await write(temporary);
    return await publish(temporary, folder, name);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function publish(temporary: string, folder: string, name: string): Promise<string> {
  const extension = extname(name);
  const stem = name.slice(0, name.length - extension.length);
  for (let count = 0; ; count += 1) {
    const path = join(folder, count === 0 ? name : `${stem}_${count}${extension}`);
    if (await linkNew(temporary, path)) return path;
  }
}

/** Gives a finished file its name; returns false if the name is taken. */
async function linkNew(temporary: string, path: string): Promise<boolean> {
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    if (!hasCode(error, 'EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK')) throw error;
  }
  try {
    // File systems without hard links.
    await copyFile(temporary, path, constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

async function download(
  { http, clock }: { http: ComfyHttp; clock: Clock },
  { file, path, signal }: { file: OutputFile; path: string; signal: AbortSignal | undefined },
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const viewed = await http.view(file, signal === undefined ? {} : { signal });
      await pipeline(viewed.body, createWriteStream(path));
      return;
    } catch (error) {
      if (!(error instanceof ComfyError) || !isWorthRetry(error) || attempt === ATTEMPTS) throw error;
      await clock.sleep(200 * 2 ** attempt, signal);
    }
  }
}

function isWorthRetry(error: ComfyError): boolean {
  const { code, details } = error;
  if (code === 'BAD_STATUS') return details.status !== undefined && details.status >= 500;
  return code === 'RESET' || code === 'TIMEOUT' || code === 'CONNECTION_REFUSED';
}
