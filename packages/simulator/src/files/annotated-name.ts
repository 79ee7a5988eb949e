import type { FolderName } from './file-store.ts';

/** Splits `name [output]` into name and folder, as ComfyUI's annotated_filepath does (exact endings only). */
export function readAnnotatedName(name: string): {
  readonly path: string;
  readonly folder: FolderName | undefined;
} {
  if (name.endsWith('[output]')) return { path: name.slice(0, -9), folder: 'output' };
  if (name.endsWith('[input]')) return { path: name.slice(0, -8), folder: 'input' };
  if (name.endsWith('[temp]')) return { path: name.slice(0, -7), folder: 'temp' };
  return { path: name, folder: undefined };
}
