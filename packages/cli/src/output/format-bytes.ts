const UNITS = ['kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** A size as people read it, in powers of 1,000: `512 B`, `1.5 GB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${String(bytes)} B`;
  const power = Math.min(Math.floor(Math.log10(bytes) / 3), UNITS.length);
  return `${(bytes / 1000 ** power).toFixed(1)} ${UNITS[power - 1] ?? ''}`;
}
