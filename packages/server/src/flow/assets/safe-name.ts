import { posix } from 'node:path';

/** A worker names its files as it likes; ours keep the last part only, without what file systems and headers dislike. */
export function safeName(name: string): string {
  const last = posix.basename(name.replaceAll('\\', '/'));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed
  const clean = last.replace(/[\u0000-\u001f\u007f<>:"|?*]/g, '_').slice(-200);
  return clean === '' || clean === '.' || clean === '..' ? 'output' : clean;
}
