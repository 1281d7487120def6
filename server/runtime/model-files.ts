/** @file Weights from `public/`, checked like in the browser: bytes and sha256 before use. Node. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AppError } from '../../src/contracts/errors.ts';
import type { ModelFile } from '../../src/contracts/model-spec.ts';

/** Folder that `ModelFile.url` is below, unless it is an absolute path: files of models that were added to a server. */
const PUBLIC_FOLDER = fileURLToPath(new URL('../../public/', import.meta.url));

/**
 * @returns the whole file.
 * @throws AppError('model-unavailable') when it is not there (run `npm run build`), AppError('model-integrity') when it is another file.
 */
export async function readModelFile(file: ModelFile): Promise<Uint8Array<ArrayBuffer>> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = new Uint8Array(await readFile(isAbsolute(file.url) ? file.url : join(PUBLIC_FOLDER, file.url)));
  } catch (error) {
    const which = isAbsolute(file.url) ? 'The file of an added model' : `public/${file.url}`;
    throw new AppError('model-unavailable', `${which} is missing; npm run build copies the project's own`, {
      cause: error,
      stage: 'model',
    });
  }
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (bytes.byteLength !== file.bytes || sha256 !== file.sha256)
    throw new AppError('model-integrity', 'A file of weights is not the one that the registry or its manifest names', { stage: 'model' });
  return bytes;
}
