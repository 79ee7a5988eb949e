import { expect, test } from 'vitest';
import { findLockfileProblems, findMissingOptionals } from './lockfile-rules.mjs';

test('a platform package that npm left out is added for its platform only', () => {
  const packages = {
    'node_modules/tool': {
      version: '1.0.0',
      dev: true,
      optionalDependencies: { '@tool/cli-linux-x64-musl': '1.0.0' },
    },
  };

  expect(findMissingOptionals(packages)).toEqual([
    {
      path: 'node_modules/@tool/cli-linux-x64-musl',
      entry: { version: '1.0.0', cpu: ['x64'], os: ['linux'], libc: ['musl'], dev: true, optional: true },
    },
  ]);
});

test('an optional package that lies beside or below its parent is not missing', () => {
  const packages = {
    'node_modules/a': { version: '1.0.0', optionalDependencies: { beside: '1.0.0', below: '2.0.0' } },
    'node_modules/beside': { version: '1.0.0' },
    'node_modules/a/node_modules/below': { version: '2.0.0' },
  };

  expect(findMissingOptionals(packages)).toEqual([]);
});

test('a lockfile that names a registry is refused', () => {
  const packages = {
    'node_modules/a': { version: '1.0.0', resolved: 'https://registry.example/a.tgz' },
    'node_modules/b': { link: true, resolved: 'packages/b' },
  };

  expect(findLockfileProblems(packages)).toEqual([
    'node_modules/a names where it was downloaded: https://registry.example/a.tgz',
  ]);
});
