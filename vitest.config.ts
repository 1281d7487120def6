import { defineConfig } from 'vitest/config';

/** Projects by kind; `npm test` runs all of them, `npm run test:quick` the first. */
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['tests/unit/**/*.test.ts'], environment: 'node' } },
      { test: { name: 'store', include: ['tests/store/**/*.test.ts'], environment: 'node' } },
      {
        test: {
          name: 'contract',
          include: ['tests/contract/**/*.test.ts'],
          environment: 'node',
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // A busy machine takes longer than a second for what is waited for.
          expect: { poll: { timeout: 20_000 } },
        },
      },
      {
        test: {
          name: 'golden',
          include: ['tests/golden/**/*.golden.test.ts'],
          environment: 'node',
          testTimeout: 180_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
