/** @file A Chromium for the end-to-end tests: the system's, else Debian's package, else Playwright's own. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { run } from './set-up.mjs';

const SYSTEM = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** @returns path of an executable, or null when Playwright's own is installed (it finds that itself). */
export function findChromium() {
  const named = process.env.CHROMIUM_PATH;
  if (named !== undefined && existsSync(named)) return named;
  const installed = () => SYSTEM.find((path) => existsSync(path));
  if (installed()) return installed();
  if (spawnSync('apt-get', ['--version']).status === 0 && process.getuid?.() === 0) {
    console.log("Installing Debian's Chromium …");
    run('apt-get', ['update', '-qq']);
    run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], { DEBIAN_FRONTEND: 'noninteractive' });
    if (installed()) return installed();
  }
  console.log("Installing Playwright's Chromium …");
  if (run(process.execPath, ['node_modules/@playwright/test/cli.js', 'install', 'chromium']) !== 0)
    throw new Error('No Chromium found. Install one, or set CHROMIUM_PATH to an executable.');
  return null;
}
