import js from '@eslint/js';
import globals from 'globals';
import svelte from 'eslint-plugin-svelte';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  {
    ignores: [
      'dist',
      'node_modules',
      'src/paraglide',
      'public',
      'data',
      'test-results',
      'playwright-report',
      'training',
      'src/clients/generated',
    ],
  },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  ...svelte.configs.recommended,
  {
    languageOptions: {
      globals: { ...globals.browser, ...globals.node },
      parserOptions: {
        projectService: { allowDefaultProject: ['eslint.config.js', '.dependency-cruiser.cjs'] },
        extraFileExtensions: ['.svelte'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      // Numbers in messages are exactly what is wanted.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // `while (true)` reads better than `for (;;)` in stream loops.
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      // Empty event callbacks and `.catch(() => {})` say "nothing to do" where a comment says why.
      '@typescript-eslint/no-empty-function': 'off',
      // Shorthand handlers: `onclick={() => void save()}`.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-non-null-assertion': 'off', // Index arithmetic on typed arrays is checked by the loop bounds.
      'no-restricted-syntax': ['error', { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' }],
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: tseslint.parser } },
    // The router takes plain paths; there is no SvelteKit to resolve them.
    rules: { 'svelte/no-navigation-without-resolve': 'off', 'no-undef': 'off' },
  },
  {
    // Types of callbacks and snippets in markup are known to svelte-check, which checks them; here they all look like `any`.
    files: ['**/*.svelte'],
    rules: {
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/restrict-plus-operands': 'off',
      // Reading a rune on purpose, so that an effect runs again: `void looks.completed`.
      '@typescript-eslint/no-meaningless-void-operator': 'off',
    },
  },
  {
    files: ['src/core/**', 'workers/stages/**'],
    rules: {
      'no-restricted-globals': [
        'error',
        'window',
        'document',
        'navigator',
        'self',
        'process',
        'fetch',
        'indexedDB',
        'localStorage',
        'OffscreenCanvas',
        'Buffer',
      ],
    },
  },
  {
    // [Note: One gate] Nothing leaves the device except through the egress gate; models and shell files are same-origin assets.
    files: ['src/**', 'workers/**'],
    ignores: ['src/clients/egress.ts', 'src/models/weights.ts', 'src/models/app-files.ts', 'src/sw.ts', 'src/core/**'],
    rules: {
      'no-restricted-globals': [
        'error',
        { name: 'fetch', message: 'Only clients/egress.ts (user data) and models/weights.ts (assets) may fetch.' },
        'XMLHttpRequest',
        'WebSocket',
        'EventSource',
      ],
    },
  },
  {
    files: ['tests/**'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/require-await': 'off',
    },
  },
  { files: ['*.config.ts', '*.config.js', '.size-limit.mjs', '.dependency-cruiser.cjs'], rules: { 'no-restricted-syntax': 'off' } },
  { files: ['**/*.js', '**/*.cjs', '**/*.mjs'], ...tseslint.configs.disableTypeChecked },
);
