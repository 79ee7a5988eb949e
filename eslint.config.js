import { defineConfig } from 'eslint/config';
import vue from 'eslint-plugin-vue';
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
  'packages/simulator/src/main.ts',
  'packages/comfyui/src/node.ts',
  'packages/comfyui/src/node/**',
  'packages/comfyui/src/time/**',
  'packages/comfyui/src/**/*transport*.ts',
  'packages/comfyui/src/**/*dialer*.ts',
  'packages/sdk/src/**/*transport*.ts',
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
  ...restrictedGlobals.map(({ name }) => ({ object: 'window', property: name, message: world })),
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

const typedRules = {
  '@typescript-eslint/no-floating-promises': 'error',
  '@typescript-eslint/no-misused-promises': 'error',
  '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
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
};

/** The rules for a copy of the repository, or for a folder of its shape in which a test plants what they forbid. */
export const createLintConfig = (root) =>
  defineConfig(
    {
      ignores: [
        '**/dist/**',
        '**/node_modules/**',
        '**/coverage/**',
        '**/*.cjs',
        'eslint.config.js',
        '**/*.d.ts',
        'packages/web/*.config.ts',
      ],
    },
    {
      files: ['**/*.ts', '**/*.vue'],
      plugins: { '@typescript-eslint': tseslint.plugin },
      linterOptions: { reportUnusedDisableDirectives: 'error' },
      rules: typedRules,
    },
    {
      files: ['**/*.ts'],
      ignores: ['packages/web/**'],
      languageOptions: {
        parser: tseslint.parser,
        parserOptions: { project: './tsconfig.tests.json', tsconfigRootDir: root },
      },
    },
    { files: ['packages/web/**/*.ts'], languageOptions: { parser: tseslint.parser } },
    {
      // vue-eslint-parser, the plugin's own, reads the file and gives its script to the parser of typescript-eslint.
      files: ['packages/web/**/*.vue'],
      extends: [vue.configs['flat/essential']],
      languageOptions: { parserOptions: { parser: tseslint.parser } },
      // In templates too time comes from the page's own clock.
      rules: { 'vue/no-restricted-syntax': ['error', ...restrictedSyntax] },
    },
    {
      files: ['packages/web/**/*.ts', 'packages/web/**/*.vue'],
      languageOptions: {
        parserOptions: {
          project: './packages/web/tsconfig.json',
          tsconfigRootDir: root,
          extraFileExtensions: ['.vue'],
        },
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

export default createLintConfig(import.meta.dirname);
