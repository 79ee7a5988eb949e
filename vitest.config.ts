import { fileURLToPath } from 'node:url';
import { defineConfig, type TestProjectConfiguration } from 'vitest/config';

const unit = {
  name: 'unit',
  include: ['packages/*/src/**/*.test.ts', 'scripts/**/*.test.mjs', 'e2e/services/required-services.test.ts'],
  exclude: ['**/node_modules/**', '**/dist/**', 'packages/web/**'],
  testTimeout: 5_000,
  hookTimeout: 5_000,
  sequence: { groupOrder: 0 },
};

const integration = {
  name: 'integration',
  include: ['packages/*/test/**/*.test.ts', 'e2e/services/test/**/*.test.ts'],
  exclude: ['**/node_modules/**', '**/dist/**', 'packages/web/**'],
  testTimeout: 30_000,
  hookTimeout: 60_000,
  sequence: { groupOrder: 1 },
};

/** The built product as people use it: one file after the other, so that measured times mean something. */
const e2e = {
  name: 'e2e',
  include: ['e2e/**/*.test.ts', 'bench/**/*.test.ts', 'examples/**/*.test.ts'],
  exclude: ['**/node_modules/**', '**/dist/**', 'e2e/services/**'],
  testTimeout: 180_000,
  hookTimeout: 120_000,
  maxWorkers: 1,
  sequence: { groupOrder: 2 },
};

/** The test kit is never built: tests read its sources. */
const resolve = {
  alias: Object.entries({
    '@comfleet/test-kit': 'index.ts',
    '@comfleet/test-kit/find-english': 'find-english.ts',
    '@comfleet/test-kit/server': 'server/index.ts',
  }).map(([name, file]) => ({
    find: new RegExp(`^${name}$`),
    replacement: fileURLToPath(new URL(`packages/test-kit/src/${file}`, import.meta.url)),
  })),
};

const projects: TestProjectConfiguration[] = [
  ...[unit, integration, e2e].map((test) => ({ resolve, test })),
  // The page's tests need a DOM: packages/web says so itself; its project is named `web`.
  'packages/web',
];

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    globalSetup: ['e2e/services/global-setup.ts'],
    projects,
  },
});
