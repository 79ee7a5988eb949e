import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** @typedef {Record<string, Record<string, unknown>>} ObjectInfo */

/** Size of the response of a plain ComfyUI 0.3.64 with 548 classes, in bytes. */
export const OBJECT_INFO_BYTES = 533_133;

const RECORDED = join(import.meta.dirname, '../../packages/simulator/src/data/object-info.json');

/**
 * An object_info as large as a real server's: the recorded descriptions of ComfyUI's own nodes, then copies of them under
 * other names, each with its own texts, so that no two classes share one. The same arguments give the same result.
 * @param {{ variant: number, checkpoints: readonly string[], bytes?: number }} options `variant` distinguishes two installations
 * @returns {string}
 */
export function createObjectInfo({ variant, checkpoints, bytes = OBJECT_INFO_BYTES }) {
  /** @type {ObjectInfo} */
  const recorded = JSON.parse(readFileSync(RECORDED, 'utf8'));
  const loader = recorded['CheckpointLoaderSimple'];
  if (!loader) throw new Error('the recorded object_info has no CheckpointLoaderSimple');
  loader['input'] = { required: { ckpt_name: [checkpoints, { tooltip: 'The checkpoint to load.' }] } };
  const originals = Object.entries(recorded);
  const parts = originals.map(([name, info]) => toMember(name, info));
  let size = parts.reduce((sum, part) => sum + part.length + 1, 1);
  for (let number = 0; size < bytes; number += 1) {
    const [name = '', info = {}] = originals[number % originals.length] ?? [];
    const own = `${name}Pack${variant}n${number}`;
    const description = `Node ${number} of pack ${variant}: what ${name} does, made by somebody else and described at some length.`;
    const part = toMember(own, { ...info, name: own, display_name: `${name} ${number}`, description });
    parts.push(part);
    size += part.length + 1;
  }
  return `{${parts.join(',')}}`;
}

/** @param {string} name @param {unknown} value */
function toMember(name, value) {
  return `${JSON.stringify(name)}:${JSON.stringify(value)}`;
}
