/**
 * @file The master key: it wraps the keys of thumbnails. From the environment (`MEKIKI_MASTER_KEY`, base64 of 32 bytes), a given file, or
 * `master.key` in the data folder, made at first use. [Note: Which master key] The database holds a value that only this key makes; a
 * start with another key, or with the file gone, ends with a clear error instead of thumbnails that nobody can read.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../../src/contracts/errors.ts';
import type { Loads } from '../../repositories/loads.ts';
import { writeDurably } from '../storage/durable-file.ts';

/** Name of the file in the data folder. */
export const MASTER_KEY_FILE = 'master.key';
const KEY_BYTES = 32;
const CHECK_NAME = 'master-key-check';

/** Where the key may come from. */
export interface MasterKeySource {
  readonly dataFolder: string;
  /** Base64 of 32 bytes; wins over files. */
  readonly masterKey: string | null;
  readonly masterKeyFile: string | null;
}

/**
 * @returns the key, 32 bytes.
 * @throws AppError('invalid-input') when it is malformed, missing, or not the one that this data was written with.
 */
export async function openMasterKey(source: MasterKeySource, loads: Loads): Promise<Buffer> {
  const known = await loads.get(CHECK_NAME);
  const key = readKey(source) ?? (known === null && source.masterKeyFile === null ? makeKey(source.dataFolder) : null);
  if (key === null)
    throw new AppError(
      'invalid-input',
      'The master key is missing. Put back the file master.key of the data folder, or give the key by MEKIKI_MASTER_KEY or --master-key-file.',
    );
  const check = createHmac('sha256', key).update('mekiki master key').digest();
  if (known === null) await loads.set(CHECK_NAME, check.toString('base64'));
  else {
    const expected = Buffer.from(typeof known === 'string' ? known : '', 'base64');
    if (expected.length !== check.length || !timingSafeEqual(expected, check))
      throw new AppError('invalid-input', 'This is not the master key that the data was written with. Nothing was changed.');
  }
  return key;
}

function readKey({ dataFolder, masterKey, masterKeyFile }: MasterKeySource): Buffer | null {
  if (masterKey !== null) return parseKey(masterKey, 'MEKIKI_MASTER_KEY');
  const path = masterKeyFile ?? join(dataFolder, MASTER_KEY_FILE);
  return existsSync(path) ? parseKey(readFileSync(path, 'utf8'), 'The file of the master key') : null;
}

function parseKey(text: string, where: string): Buffer {
  const key = Buffer.from(text.trim(), 'base64');
  if (key.length !== KEY_BYTES) throw new AppError('invalid-input', `${where} does not hold base64 of ${KEY_BYTES} bytes.`);
  return key;
}

function makeKey(dataFolder: string): Buffer {
  const key = randomBytes(KEY_BYTES);
  const path = join(dataFolder, MASTER_KEY_FILE);
  writeDurably(path, `${key.toString('base64')}\n`, 0o600);
  chmodSync(path, 0o600);
  return key;
}
