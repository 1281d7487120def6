/** @file The real server as a process of its own, and what can be read off it from outside. */
import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { SERVER_ENVIRONMENT } from '../../../scripts/server-environment.mjs';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** A running server. */
export interface MeasuredServer {
  readonly url: string;
  /** Resident memory now and at most, and the part of it that is not mapped files, in MB. */
  memory(): { readonly residentMb: number; readonly anonymousMb: number; readonly peakMb: number };
  /** Lateness of the event loop since the last call, in ms. */
  lag(): Promise<{ readonly p50: number; readonly p99: number; readonly max: number }>;
  /** CPU seconds used so far. */
  cpuS(): number;
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

/** Start the server on a data folder. Resolves when it listens. */
export async function startMeasured(dataFolder: string): Promise<MeasuredServer> {
  const lagFile = join(dataFolder, 'lag.json');
  const probe = fileURLToPath(new URL('lag-probe.ts', import.meta.url));
  const args = [
    '--import',
    'tsx',
    '--import',
    probe,
    'server/main.ts',
    '--data',
    dataFolder,
    '--no-demo',
    '--port',
    '0',
    '--log-level',
    'info',
  ];
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...SERVER_ENVIRONMENT, ...process.env, MEKIKI_APP: '/nonexistent', MEKIKI_RATE_LIMIT: '1000000', LAG_FILE: lagFile },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-10_000);
      for (const line of chunk.toString().split('\n'))
        if (/"level":(40|50|60)|trained/.test(line)) console.error(`  server: ${line.slice(0, 400)}`);
      const found = /(http:\/\/localhost:\d+)\//.exec(output)?.[1];
      if (found !== undefined) resolve(found.replace('localhost', '127.0.0.1'));
    });
    void ended.then(() => reject(new Error(`the server ended: ${output}`)));
  });
  const status = () => readFileSync(`/proc/${child.pid ?? 0}/status`, 'utf8');
  const kilobytes = (text: string, name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(text)?.[1] ?? 0);
  return {
    url,
    memory: () => {
      const text = status();
      return {
        residentMb: kilobytes(text, 'VmRSS') / 1024,
        anonymousMb: kilobytes(text, 'RssAnon') / 1024,
        peakMb: kilobytes(text, 'VmHWM') / 1024,
      };
    },
    lag: async () => {
      rmSync(lagFile, { force: true });
      child.kill('SIGUSR2');
      for (let turn = 0; turn < 100; turn++) {
        await sleep(50);
        try {
          return JSON.parse(readFileSync(lagFile, 'utf8')) as { p50: number; p99: number; max: number };
        } catch {
          // Not written yet.
        }
      }
      throw new Error('the server reports no lag');
    },
    cpuS: () => {
      const fields = readFileSync(`/proc/${child.pid ?? 0}/stat`, 'utf8')
        .split(') ')[1]!
        .split(' ');
      return (Number(fields[11]) + Number(fields[12])) / 100;
    },
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal);
      await ended;
    },
  };
}

/** Bytes of a folder's files. */
export async function bytesIn(folder: string): Promise<number> {
  let sum = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    sum += (await stat(join(entry.parentPath, entry.name)).catch(() => null))?.size ?? 0;
  }
  return sum;
}
