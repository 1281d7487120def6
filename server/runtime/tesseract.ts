/** @file tesseract in Node: the WebAssembly build that the browser uses too, in this process. */
import { createRequire } from 'node:module';
import { gunzipSync } from 'node:zlib';
import { AppError, toAppError } from '../../src/contracts/errors.ts';
import type { TesseractModel } from '../../src/contracts/runtime.ts';
import { startTesseract, type TesseractCore } from '../../workers/stages/tesseract-engine.ts';

type CoreFactory = (module: Record<string, unknown>) => Promise<TesseractCore>;

/** tesseract.js-core is CommonJS; its `.wasm` lies beside its script. */
const require = createRequire(import.meta.url);

/**
 * Start tesseract with one language.
 * @param modelId `tesseract-jpn` or `tesseract-jpn-vert`.
 * @param loadFile gives the model's `.traineddata` (gzipped or not), checked.
 * @returns a model that blocks this thread while it reads.
 * @throws AppError('model-unavailable')
 */
export async function createTesseract(modelId: string, loadFile: (modelId: string) => Promise<Uint8Array>): Promise<TesseractModel> {
  const data = await loadFile(modelId);
  const factory = require('tesseract.js-core/tesseract-core-simd-lstm.js') as CoreFactory;
  const core = await factory({ print: ignore, printErr: ignore, TesseractProgress: ignore }).catch((error: unknown) => {
    throw toAppError(error, 'model-unavailable', 'model');
  });
  return startTesseract(core, modelId, unpack(data));
}

/** Language data as tesseract wants it. @throws AppError('model-integrity') for a broken archive. */
function unpack(data: Uint8Array): Uint8Array {
  const isGzip = data[0] === 0x1f && data[1] === 0x8b;
  if (!isGzip) return data;
  try {
    return gunzipSync(data);
  } catch (error) {
    throw new AppError('model-integrity', 'Language data is a broken archive', { cause: error, stage: 'model' });
  }
}

function ignore(): void {
  // tesseract prints its doubts about small images; nobody reads them.
}
