/** @file Barcodes by zxing-wasm. Node. */
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader';
import { toAppError } from '../../src/contracts/errors.ts';
import type { ModelSpec } from '../../src/contracts/model-spec.ts';
import type { BarcodeModel } from '../../src/contracts/runtime.ts';
import { readerOptions, toRawBarcode } from '../../workers/stages/raw-barcode.ts';
import type { RunStatistics } from '../../workers/stages/run-statistics.ts';
import { readModelFile } from './model-files.ts';

/** @throws AppError('model-unavailable' | 'model-integrity') */
export async function startBarcodeModel(spec: ModelSpec, statistics: RunStatistics): Promise<BarcodeModel> {
  const wasmBinary = (await readModelFile(spec.files[0]!)).buffer;
  await prepareZXingModule({ overrides: { wasmBinary }, fireImmediately: true });
  statistics.started(spec.id, 'wasm');
  return {
    read: (frame, options) =>
      statistics.timed(spec.id, async () => {
        const image = { data: frame.data, width: frame.widthPx, height: frame.heightPx, colorSpace: 'srgb' } as ImageData;
        const results = await readBarcodes(image, readerOptions(options)).catch((error: unknown) => {
          throw toAppError(error, 'bug', 'barcode');
        });
        return results.filter(({ isValid }) => isValid).map(toRawBarcode);
      }),
  };
}
