/** The first version that can interrupt a single prompt (protocol 0.2 and 13.11). */
export const VERSION_FLOOR = '0.3.57';

/** True when the version is below the floor, or cannot be read and so cannot be shown to be high enough. */
export function isBelowVersion(version: string | null, floor: string): boolean {
  const have = parseVersion(version);
  const need = parseVersion(floor);
  if (have === null || need === null) return true;
  for (let i = 0; i < 3; i += 1) {
    const difference = (have[i] ?? 0) - (need[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/** True for what reads as a version: v0.3.57, 0.33, 1.0.2rc1. */
export function isVersion(text: string): boolean {
  return parseVersion(text) !== null;
}

function parseVersion(version: string | null): number[] | null {
  const found = /^v?(\d+)\.(\d+)(?:\.(\d+))?/.exec(version ?? '');
  return found ? [found[1], found[2], found[3]].map((part) => Number(part ?? 0)) : null;
}
