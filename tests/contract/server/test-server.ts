/** @file A server on a fresh data folder for tests, without a network. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildApp, type App, type AppDependencies } from '../../../server/app.ts';
import { readConfig, type ServerConfig } from '../../../server/config.ts';

/** A folder that is removed by {@link removeFolders}. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mekiki-server-'));
  folders.push(folder);
  return folder;
}
const folders: string[] = [];

export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** Settings on a temporary folder, with nothing preloaded and silent logs. */
export function testConfig(overrides: Partial<ServerConfig> = {}): ServerConfig {
  const config = readConfig(['--log-level', 'silent', '--no-demo'], {});
  if (config === 'help') throw new Error('unexpected');
  return { ...config, dataFolder: temporaryFolder(), appFolder: join(tmpdir(), 'mekiki-no-such-build'), ...overrides };
}

export function startApp(overrides: Partial<ServerConfig> = {}, dependencies: AppDependencies = {}): Promise<App> {
  return buildApp(testConfig(overrides), dependencies);
}

/** @returns secret of a key by which a server that only reads copies from this one. */
export async function readerKey({ services }: App): Promise<string> {
  return (await services.keys.create({ name: 'reader', purpose: 'test', role: 'replica' }, 'test')).secret;
}

/** Deterministic pseudo-random numbers in 0..1 (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A unit vector that only this seed gives. */
export function unitVector(dimensions: number, seed: number): number[] {
  const random = seededRandom(seed);
  const vector = Array.from({ length: dimensions }, () => random() + random() + random() - 1.5);
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}
