/** @file Weights from `public/`, checked like in the browser: bytes and sha256 before use. Node. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AppError } from '../../src/contracts/errors.ts';
import type { ModelFile } from '../../src/contracts/model-spec.ts';

/** Folder that `ModelFile.url` is below. */
const PUBLIC_FOLDER = fileURLToPath(new URL('../../public/', import.meta.url));

/**
 * @returns the whole file.
 * @throws AppError('model-unavailable') when it is not there (run `npm run build`), AppError('model-integrity') when it is another file.
 */
export async function readModelFile(file: ModelFile): Promise<Uint8Array<ArrayBuffer>> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = new Uint8Array(await readFile(join(PUBLIC_FOLDER, file.url)));
  } catch (error) {
    throw new AppError('model-unavailable', `public/${file.url} is missing; npm run build copies it`, { cause: error, stage: 'model' });
  }
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (bytes.byteLength !== file.bytes || sha256 !== file.sha256)
    throw new AppError('model-integrity', `public/${file.url} is not the file that the registry names`, { stage: 'model' });
  return bytes;
}
