import { readFileSync } from 'node:fs';

/** Reads one committed media file; the path is the same from `src` and from `dist`. */
function readMedia(name: string): Buffer {
  return readFileSync(new URL(`../src/data/${name}`, import.meta.url));
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

/** Nodes as a real 0.3.64 describes them, as text. */
export const OBJECT_INFO_TEXT = readMedia('object-info.json').toString('utf8');
