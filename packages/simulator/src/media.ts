import { readFileSync } from 'node:fs';
import type { VersionProfile } from './profile.ts';

/** Reads a committed media file; the path is valid from `src` and from `dist`. */
function readMedia(name: string): Buffer {
  return readFileSync(new URL(`../src/data/${name}`, import.meta.url));
}

function readText(name: string): string {
  return readMedia(name).toString('utf8');
}

/** Small real clips with the word "simulated" in them. */
export const CLIPS = {
  mp4: readMedia('simulated.mp4'),
  webm: readMedia('simulated.webm'),
  webp: readMedia('simulated.webp'),
  flac: readMedia('tone.flac'),
  mp3: readMedia('tone.mp3'),
  jpeg: readMedia('preview-8.jpg'),
} as const;

/** JPEG previews of a sampling run, from noise to picture. */
export const PREVIEW_JPEGS: readonly Buffer[] = Array.from({ length: 8 }, (_, index) =>
  readMedia(`preview-${index + 1}.jpg`),
);

/** /object_info of a real server of each version, as text; `old` uses that of 0.3.64. */
export const OBJECT_INFO_TEXTS: Readonly<Record<VersionProfile, () => string>> = {
  old: () => readText('object-info.json'),
  '0.3.64': () => readText('object-info.json'),
  '0.33': () => readText('object-info-0.33.json'),
};

/** GET /node_replacements of a real 0.33.0, as text. */
export const NODE_REPLACEMENTS_TEXT = readText('node-replacements.json').trimEnd();
