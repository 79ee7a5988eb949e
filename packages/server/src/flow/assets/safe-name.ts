import { posix } from 'node:path';
import { toPortableName } from '@comfleet/comfyui';

/** A worker names its files as it likes; ours keep the last part only, without what file systems and headers dislike. */
export function safeName(name: string): string {
  const last = posix.basename(name.replaceAll('\\', '/'));
  return last === '' || last === '.' || last === '..' ? 'output' : toPortableName(last.slice(-200));
}
