/** @file tesseract in the vision worker: the WebAssembly module runs in this very worker, with no worker of its own and no CDN. */
import coreUrl from 'tesseract.js-core/tesseract-core-simd-lstm.wasm?url';
import createCore from 'tesseract.js-core/tesseract-core-simd-lstm.js';
import { toAppError } from '../../src/contracts/errors.ts';
import type { TesseractModel } from '../../src/contracts/runtime.ts';
import { startTesseract, type TesseractCore } from '../stages/tesseract-engine.ts';

type CoreFactory = (module: Record<string, unknown>) => Promise<TesseractCore>;

/**
 * Start tesseract with one language.
 * @param modelId `tesseract-jpn` or `tesseract-jpn-vert`.
 * @param loadFile gives the model's `.traineddata` (gzipped or not), checked against its hash.
 * @returns a model that blocks this thread while it reads.
 * @throws AppError('model-unavailable') when the module or the data cannot be started.
 */
export async function createTesseract(modelId: string, loadFile: (modelId: string) => Promise<Uint8Array>): Promise<TesseractModel> {
  const data = await unpack(await loadFile(modelId));
  const factory = createCore as unknown as CoreFactory;
  const core = await factory({ locateFile: () => coreUrl, print: ignore, printErr: ignore, TesseractProgress: ignore }).catch(
    (error: unknown) => {
      throw toAppError(error, 'model-unavailable', 'model');
    },
  );
  return startTesseract(core, modelId, data);
}

async function unpack(data: Uint8Array): Promise<Uint8Array> {
  const isGzip = data[0] === 0x1f && data[1] === 0x8b;
  if (!isGzip) return data;
  const stream = new Blob([data as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer()).slice();
}

function ignore(): void {
  // tesseract prints its doubts about small images; nobody reads them.
}
