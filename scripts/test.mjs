/**
 * @file `npm test`: everything CI runs. Sets itself up on a fresh machine, runs every step even after a failure, and ends with
 * one line that counts the tests.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT, installPackages, requireNode, run } from './set-up.mjs';

requireNode();
installPackages();
const { findChromium } = await import('./find-chromium.mjs');
const reports = mkdtempSync(join(tmpdir(), 'mekiki-test-'));
const node = (...args) => ['node', args];

const chromium = findChromium();
const env = chromium === null ? {} : { CHROMIUM_PATH: chromium };
run(process.execPath, ['--import', 'tsx', 'scripts/copy-npm-assets.ts']);
run(process.execPath, [
  'node_modules/@inlang/paraglide-js/bin/run.js',
  'compile',
  '--project',
  './project.inlang',
  '--outdir',
  './src/paraglide',
  '--silent',
]);

const npx = (tool, ...args) => [join(ROOT, 'node_modules', '.bin', tool), args];
const only = process.argv.slice(2);
const steps = [
  ['format', npx('prettier', '--check', '--log-level', 'warn', '.')],
  ['types: core', npx('tsc', '-p', 'tsconfig.core.json')],
  ['types: workers', npx('tsc', '-p', 'tsconfig.workers.json')],
  ['types: node', npx('tsc', '-p', 'tsconfig.node.json')],
  ['types: app', npx('svelte-check', '--tsconfig', 'tsconfig.app.json', '--fail-on-warnings', '--output', 'human')],
  ['lint', npx('eslint', '.', '--max-warnings', '0')],
  ['boundaries', npx('depcruise', 'src', 'workers', 'server', '--config', '.dependency-cruiser.cjs', '--output-type', 'err')],
  ['unused', npx('knip')],
  ['ingredients', node('--import', 'tsx', 'scripts/check-ingredients.ts')],
  [
    'unit, store, contract, golden',
    npx('vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${join(reports, 'vitest.json')}`),
  ],
  ['build', node('scripts/build.mjs')],
  ['size', npx('size-limit')],
  ['end-to-end', npx('playwright', 'test')],
].filter(([name]) => only.length === 0 || only.some((word) => name.includes(word)));

const failed = [];
for (const [name, [command, args]] of steps) {
  console.log(`\n── ${name}`);
  const executable = command === 'node' ? process.execPath : command;
  if (run(executable, args, { ...env, PLAYWRIGHT_JSON_OUTPUT_NAME: join(reports, 'playwright.json') }) !== 0) failed.push(name);
}

const counts = { passed: 0, failed: 0, skipped: 0 };
const report = (name) => {
  try {
    return JSON.parse(readFileSync(join(reports, name), 'utf8'));
  } catch {
    return null; // The step did not run or died before it wrote: its failure is in `failed`.
  }
};
const vitest = report('vitest.json');
if (vitest !== null) {
  counts.passed += vitest.numPassedTests;
  counts.failed += vitest.numFailedTests;
  counts.skipped += vitest.numPendingTests + vitest.numTodoTests;
}
const playwright = report('playwright.json');
if (playwright !== null) {
  counts.passed += playwright.stats.expected + playwright.stats.flaky;
  counts.failed += playwright.stats.unexpected;
  counts.skipped += playwright.stats.skipped;
}
rmSync(reports, { recursive: true, force: true });

console.log(failed.length === 0 ? '\nEvery step passed.' : `\nFailed: ${failed.join(', ')}`);
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exit(failed.length === 0 ? 0 : 1);
