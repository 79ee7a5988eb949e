/** Kind of an output, by extension and format; not by its key, as ComfyUI lists videos under `images`. */
export type OutputKind = 'image' | 'video' | 'audio' | '3d' | 'text' | 'file' | 'latent';

const EXTENSIONS: Readonly<Record<Exclude<OutputKind, 'file'>, readonly string[]>> = {
  image: ['png', 'jpg', 'jpeg', 'webp', 'gif', 'bmp', 'tif', 'tiff', 'svg', 'exr', 'hdr', 'avif', 'apng'],
  video: ['mp4', 'webm', 'mkv', 'mov', 'avi', 'm4v', 'mpg', 'mpeg'],
  audio: ['flac', 'mp3', 'opus', 'wav', 'ogg', 'm4a', 'aac'],
  '3d': ['obj', 'glb', 'gltf', 'ply', 'splat', 'spz', 'ksplat', 'stl', 'fbx', 'usdz'],
  text: ['txt', 'json', 'md', 'csv', 'srt', 'vtt', 'lrc', 'log', 'xml', 'yaml', 'yml'],
  latent: ['latent'],
};

const BY_EXTENSION: ReadonlyMap<string, OutputKind> = new Map(
  (Object.keys(EXTENSIONS) as (keyof typeof EXTENSIONS)[]).flatMap((kind) =>
    EXTENSIONS[kind].map((extension): [string, OutputKind] => [extension, kind]),
  ),
);

/** Detects the kind of a file by its extension, then by the format that its node reported, else `file`. */
export function detectOutputKind(filename: string, format?: string): OutputKind {
  const byExtension = BY_EXTENSION.get(filename.slice(filename.lastIndexOf('.') + 1).toLowerCase());
  if (byExtension !== undefined) return byExtension;
  const family = format?.split('/')[0];
  return family === 'image' || family === 'video' || family === 'audio' || family === 'text'
    ? family
    : 'file';
}
