import type { Capabilities } from './needs.ts';

/** True when two workers can run the same tasks, constraints on names aside. */
export function hasSameCapabilities(a: Capabilities, b: Capabilities): boolean {
  return (
    a.classTypes === b.classTypes &&
    a.models === b.models &&
    a.choices === b.choices &&
    a.maxUploadBytes === b.maxUploadBytes &&
    a.vramBytes === b.vramBytes &&
    isSameList(a.capabilities, b.capabilities) &&
    isSameList(a.labels, b.labels)
  );
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
