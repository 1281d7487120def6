/** @file Backs up while others write: one that ended well restores, one that was killed is not taken for one. */
import { spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { auditCheckSchema } from '../../../../src/contracts/audit-api.ts';
import { restore } from '../../../../server/services/storage/backup.ts';
import { temporaryFolder } from '../test-server.ts';
import type { Actor, Random } from './actor.ts';
import { ServerUnderTorture } from './server-under-torture.ts';
import type { Upserts } from './upserts.ts';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));

/** The newest backup that ended well, and what every writer had been answered for when it began. */
interface FinishedBackup {
  readonly folder: string;
  readonly acknowledged: readonly number[];
  readonly auditHead: string;
}

/** Backups one after the other, by a process of its own that is killed with the server half of the time. */
export class Backups implements Actor {
  readonly kind = 'backup';
  readonly spanMs = 1_500;
  readonly #writers: readonly Upserts[];
  #newest: FinishedBackup | null = null;
  #cutShort: string | null = null;

  constructor(writers: readonly Upserts[]) {
    this.#writers = writers;
  }

  async act(server: ServerUnderTorture, random: Random, sent: () => void): Promise<void> {
    const folder = join(temporaryFolder(), 'backup');
    const { head: auditHead } = (await server.ask([200], 'GET', '/audit/check')) as { head: string };
    const acknowledged = this.#writers.map((writer) => writer.acknowledged);
    const isKilledToo = random() < 0.5;
    const child = spawn(process.execPath, ['--import', 'tsx', 'tests/contract/server/torture/backup-process.ts', server.folder, folder], {
      cwd: ROOT,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let problem = '';
    child.stderr.on('data', (chunk: Buffer) => (problem += chunk.toString()));
    sent();
    const timer = isKilledToo ? setTimeout(() => child.kill('SIGKILL'), random() * this.spanMs) : null;
    const code = await new Promise<number | null>((resolve) => child.on('exit', resolve));
    if (timer !== null) clearTimeout(timer);
    if (code === 0) this.#newest = { folder, acknowledged, auditHead };
    else if (code === null) this.#cutShort = folder;
    // A kill of the one before may have left its hold, which ends by itself.
    else if (!problem.includes('Another backup is being made')) throw new Error(`a backup failed: ${problem}`);
  }

  async verify(): Promise<void> {
    if (this.#newest !== null) await this.#restored(this.#newest, (folder) => rmSync(folder, { recursive: true }));
    if (this.#cutShort === null) return;
    // It may have been killed after its last byte.
    const isWhole = existsSync(join(this.#cutShort, 'manifest.json'));
    const to = join(temporaryFolder(), 'data');
    if (isWhole) await restore(this.#cutShort, to);
    else await expect(restore(this.#cutShort, to)).rejects.toThrow(/no complete backup/);
    expect(existsSync(to)).toBe(isWhole);
    this.#cutShort = null;
  }

  /** At the end: serve the newest backup and look into it. */
  async verifyRestored({ key }: Pick<ServerUnderTorture, 'key'>): Promise<void> {
    if (this.#newest === null) return;
    const { acknowledged, auditHead } = this.#newest;
    await this.#restored(this.#newest, async (folder) => {
      const server = new ServerUnderTorture(folder, key);
      await server.start();
      for (const [writer, oldest] of acknowledged.entries()) {
        if (oldest < 0) continue;
        const { metadata } = (await server.ask([200], 'GET', `/collections/products/items/w${writer}-r0`)) as {
          metadata: { version: number };
        };
        expect(metadata.version, 'what was answered before the backup began').toBeGreaterThanOrEqual(oldest);
      }
      expect(auditCheckSchema.parse(await server.ask([200], 'GET', `/audit/check?head=${auditHead}`)).isIntact).toBe(true);
      expect(server.output()).not.toMatch(/"level":50/);
      expect(await server.stop('SIGTERM')).toBe(0);
    });
  }

  async #restored({ folder }: FinishedBackup, look: (folder: string) => Promise<void> | void): Promise<void> {
    const to = join(temporaryFolder(), 'data');
    await restore(folder, to);
    await look(to);
  }
}
