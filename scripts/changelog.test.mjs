import { expect, test } from 'vitest';
import { findReleaseProblem, releaseChangelog, setVersions } from './changelog.mjs';

const changelog =
  '# Changelog\n\n## Unreleased\n\n### Added\n\n- A thing.\n\n## 0.1.0 - 2026-01-01\n\n- First.\n';
const release = { changelog, current: '0.1.0', next: '0.2.0' };

test('a release with a later version and something to tell may go out', () => {
  expect(findReleaseProblem(release)).toBeUndefined();
});

test.each([
  ['0.1.0', '0.1.0 does not come after 0.1.0'],
  ['0.0.9', '0.0.9 does not come after 0.1.0'],
  ['v0.2', '"v0.2" is no version of three numbers, such as 1.2.3'],
])('a release of %s is refused: %s', (next, problem) => {
  expect(findReleaseProblem({ ...release, next })).toBe(problem);
});

test('a release with nothing under Unreleased is refused', () => {
  const empty = '# Changelog\n\n## Unreleased\n\n### Added\n\n## 0.1.0 - 2026-01-01\n\n- First.\n';

  expect(findReleaseProblem({ ...release, changelog: empty })).toBe(
    'nothing stands under "## Unreleased" in CHANGELOG.md',
  );
});

test('a changelog without Unreleased, or with the version already in it, is refused', () => {
  expect(findReleaseProblem({ ...release, changelog: '# Changelog\n' })).toBe(
    'CHANGELOG.md has no section "## Unreleased"',
  );
  expect(findReleaseProblem({ ...release, changelog: `${changelog}\n## 0.2.0 - 2026-02-01\n` })).toBe(
    'CHANGELOG.md already has a section 0.2.0',
  );
});

test('what was unreleased becomes the section of the version', () => {
  expect(releaseChangelog(changelog, '0.2.0', '2026-02-03')).toBe(
    '# Changelog\n\n## Unreleased\n\n## 0.2.0 - 2026-02-03\n\n### Added\n\n- A thing.\n\n## 0.1.0 - 2026-01-01\n\n- First.\n',
  );
});

test('only the packages of this repository take the new version', () => {
  const manifest = {
    name: '@comfleet/sdk',
    version: '0.1.0',
    dependencies: { '@comfleet/contract': '0.1.0', zod: '4.0.0' },
  };

  expect(setVersions(manifest, '0.2.0', new Set(['@comfleet/sdk', '@comfleet/contract']))).toEqual({
    name: '@comfleet/sdk',
    version: '0.2.0',
    dependencies: { '@comfleet/contract': '0.2.0', zod: '4.0.0' },
  });
});
