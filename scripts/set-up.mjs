/** @file What `npm start` and `npm test` need on a fresh machine: a Node that fits, installed packages, a build. Plain Node, no packages. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));
const OLDEST_NODE = [20, 19];

/** Run a command in the project root with its output shown. @returns its exit status. */
export function run(command, args, env = {}) {
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...env } });
  if (error) throw error;
  return status ?? 1;
}

/** End the process with a message when Node is too old. */
export function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return;
  console.error(`Mekiki needs Node ${OLDEST_NODE.join('.')} or newer; this is Node ${process.versions.node}.`);
  process.exit(1);
}

/** `npm ci` when node_modules is missing or older than the lockfile. */
export function installPackages() {
  const installed = join(ROOT, 'node_modules', '.package-lock.json');
  const isFresh = existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(ROOT, 'package-lock.json')).mtimeMs;
  if (isFresh) return;
  console.log('Installing packages …');
  const status = run(process.platform === 'win32' ? 'npm.cmd' : 'npm', ['ci', '--no-audit', '--no-fund']);
  if (status !== 0) {
    console.error('npm ci failed. Check the connection to the package registry and free disk space, then run the command again.');
    process.exit(status);
  }
}

const BUILT_FROM = [
  'src',
  'workers',
  'public',
  'messages',
  'project.inlang',
  'scripts/build.mjs',
  'index.html',
  'vite.config.ts',
  'package-lock.json',
];

/** Build the app when dist/ is missing or older than anything that it is built from. */
export function buildApp() {
  const built = join(ROOT, 'dist', 'index.html');
  if (existsSync(built)) {
    const builtAtMs = statSync(built).mtimeMs;
    if (BUILT_FROM.every((path) => newestMs(join(ROOT, path)) <= builtAtMs)) return;
  }
  console.log('Building the app …');
  const status = run(process.execPath, ['scripts/build.mjs']);
  if (status !== 0) process.exit(status);
}

/** Written by the build itself; their age says nothing. */
const GENERATED = new Set(['paraglide', 'npm', 'wasm', 'node_modules']);

function newestMs(path) {
  if (!existsSync(path)) return 0;
  const { mtimeMs } = statSync(path);
  if (!statSync(path).isDirectory()) return mtimeMs;
  return readdirSync(path, { withFileTypes: true })
    .filter(({ name }) => !GENERATED.has(name))
    .reduce((newest, { name }) => Math.max(newest, newestMs(join(path, name))), mtimeMs);
}
