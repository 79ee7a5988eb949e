import { existsSync } from 'node:fs';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const tests = [
  '**/*.test.ts',
  '**/*.test.mjs',
  'packages/*/test/**',
  'packages/test-kit/**',
  'e2e/**',
  'bench/**',
  'examples/**',
  '**/conformance.ts',
];

/** Where the outside world may be touched: the platform, what carries bytes, and the files that start a program. */
const edges = [
  'packages/*/src/platform/**',
  'packages/server/src/main.ts',
  'packages/server/src/app.ts',
  'packages/simulator/src/main.ts',
  'packages/comfyui/src/node.ts',
  'packages/comfyui/src/node/**',
  'packages/comfyui/src/time/**',
  'packages/comfyui/src/**/*transport*.ts',
  'packages/comfyui/src/**/*dialer*.ts',
  'packages/sdk/src/**/*transport*.ts',
  'packages/sdk/src/**/*clock*.ts',
  'packages/cli/src/main.ts',
  'packages/web/src/main.ts',
  'vitest.config.ts',
  'scripts/**',
];

const world = 'pass it in: clock, random, transport and settings come from the platform';

const restrictedGlobals = [
  'setTimeout',
  'setInterval',
  'setImmediate',
  'fetch',
  'WebSocket',
  'XMLHttpRequest',
].map((name) => ({
  name,
  message: world,
}));

const restrictedProperties = [
  { object: 'process', property: 'env', message: world },
  { object: 'Date', property: 'now', message: world },
  { object: 'performance', property: 'now', message: world },
  { object: 'Math', property: 'random', message: world },
  { object: 'crypto', property: 'randomUUID', message: world },
];

const restrictedSyntax = [
  { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: world },
  { selector: 'CallExpression[callee.name="Date"]', message: world },
];

/** Of an unexpected error the stack and the causes count: the log takes it whole. */
const loggedMessage = {
  selector:
    'CallExpression[callee.property.name=/^(debug|info|warn|error)$/] > ObjectExpression > Property[key.name=/^(error|cause)$/] > MemberExpression.value[property.name="message"]',
  message: 'log the error itself, not its message: { error }',
};

const hasWeb = existsSync(new URL('packages/web/tsconfig.json', import.meta.url));

export default defineConfig(
  {
    ignores: [
      '**/dist/**',
      '**/node_modules/**',
      '**/coverage/**',
      '**/*.cjs',
      'eslint.config.js',
      '**/*.vue',
      '**/*.d.ts',
      'packages/web/*.config.ts',
    ],
  },
  {
    files: ['**/*.ts'],
    ignores: hasWeb ? [] : ['packages/web/**'],
    languageOptions: {
      parser: tseslint.parser,
      parserOptions: {
        project: ['./tsconfig.tests.json', ...(hasWeb ? ['./packages/web/tsconfig.json'] : [])],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    plugins: { '@typescript-eslint': tseslint.plugin },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/max-params': ['warn', { max: 3 }],
      'max-params': ['error', { max: 4 }],
      'max-lines': ['error', { max: 400 }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      complexity: ['error', { max: 12, variant: 'modified' }],
      'no-console': 'error',
      'no-restricted-globals': ['error', ...restrictedGlobals],
      'no-restricted-properties': ['error', ...restrictedProperties],
      'no-restricted-syntax': ['error', ...restrictedSyntax, loggedMessage],
    },
  },
  {
    files: ['scripts/**/*.mjs', 'e2e/**/*.mjs', 'bench/**/*.mjs', 'examples/**/*.mjs'],
    rules: {
      'max-lines': ['error', { max: 400 }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      complexity: ['error', { max: 12, variant: 'modified' }],
    },
  },
  {
    files: edges,
    rules: {
      'no-restricted-globals': 'off',
      'no-restricted-properties': 'off',
      'no-restricted-syntax': ['error', loggedMessage],
    },
  },
  {
    files: tests,
    rules: {
      'no-restricted-globals': 'off',
      'no-restricted-properties': 'off',
      'no-restricted-syntax': 'off',
      'max-lines-per-function': 'off',
      '@typescript-eslint/max-params': 'off',
      'max-params': 'off',
    },
  },
  // A Pinia store is one setup function, as a component is.
  { files: ['packages/web/src/stores/**'], rules: { 'max-lines-per-function': 'off' } },
  { files: ['packages/*/src/platform/**', 'bench/**', 'examples/**'], rules: { 'no-console': 'off' } },
);
