/**
 * @file `npm start`: on a fresh machine installs packages and builds the app, then runs the server. Everything after `--` is for the
 * server: `npm start -- --lan`. Ctrl-C stops the server, which finishes its writes.
 */
import { spawn } from 'node:child_process';
import { SERVER_ENVIRONMENT } from './server-environment.mjs';
import { ROOT, buildApp, installPackages, requireNode } from './set-up.mjs';

requireNode();
const args = process.argv.slice(2);
const wantsHelp = args.includes('--help') || args.includes('-h');
installPackages();
if (!wantsHelp) buildApp();

const server = spawn(process.execPath, ['--import', 'tsx', 'server/main.ts', ...args], {
  cwd: ROOT,
  stdio: 'inherit',
  env: { ...SERVER_ENVIRONMENT, ...process.env },
});
// A terminal sends Ctrl-C to both; this one waits for the server to finish. Signals sent to this process alone are passed on.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => server.kill(signal));
server.on('error', (error) => {
  console.error(`The server could not be started: ${error.message}`);
  process.exit(1);
});
server.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' || signal === 'SIGTERM' ? 0 : 1)));
