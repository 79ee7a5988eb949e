/** A valid version of a release: three numbers, nothing else. */
const versionForm = /^(\d+)\.(\d+)\.(\d+)$/;

/** @param {string} version @returns {number[]} */
function toNumbers(version) {
  return versionForm.exec(version)?.slice(1).map(Number) ?? [];
}

/** Whether `next` comes after `current`; both are versions of three numbers. @param {string} next @param {string} current */
function isLater(next, current) {
  const [a, b] = [toNumbers(next), toNumbers(current)];
  const at = a.findIndex((number, index) => number !== b[index]);
  return at >= 0 && Number(a[at]) > Number(b[at]);
}

/**
 * Why `next` must not be released after `current` with this changelog; undefined if it may.
 * @param {{ changelog: string, current: string, next: string }} release
 * @returns {string | undefined}
 */
export function findReleaseProblem({ changelog, current, next }) {
  if (!versionForm.test(next)) return `"${next}" is no version of three numbers, such as 1.2.3`;
  if (!isLater(next, current)) return `${next} does not come after ${current}`;
  if (changelog.includes(`\n## ${next}`)) return `CHANGELOG.md already has a section ${next}`;
  const unreleased = /^## Unreleased$(.*?)(?=^## |(?![\s\S]))/ms.exec(changelog)?.[1];
  if (unreleased === undefined) return 'CHANGELOG.md has no section "## Unreleased"';
  if (!/^- \S/m.test(unreleased)) return 'nothing stands under "## Unreleased" in CHANGELOG.md';
  return undefined;
}

/**
 * Returns the changelog with the *Unreleased* section renamed to `version`, under a new, empty *Unreleased*.
 * @param {string} changelog
 * @param {string} version
 * @param {string} date ISO date, as 2026-01-31
 */
export function releaseChangelog(changelog, version, date) {
  return changelog.replace(/^## Unreleased$/m, `## Unreleased\n\n## ${version} - ${date}`);
}

/**
 * Returns a package.json, or the lockfile, with its own version and those of this repository's packages set to `version`.
 * @template {Record<string, any>} T
 * @param {T} manifest
 * @param {string} version
 * @param {ReadonlySet<string>} names the packages of this repository
 * @returns {T}
 */
export function setVersions(manifest, version, names) {
  const changed = { ...manifest, ...(names.has(manifest.name) && { version }) };
  for (const kind of ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies']) {
    if (!manifest[kind]) continue;
    const entries = Object.entries(manifest[kind]);
    Object.assign(changed, {
      [kind]: Object.fromEntries(entries.map(([name, range]) => [name, names.has(name) ? version : range])),
    });
  }
  return changed;
}
