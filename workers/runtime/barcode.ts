/** @file Barcodes by zxing-wasm. Thread: vision worker. */
import { toAppError } from '../../src/contracts/errors.ts';
import type { ModelSpec } from '../../src/contracts/model-spec.ts';
import type { BarcodeModel } from '../../src/contracts/runtime.ts';
import { readerOptions, toRawBarcode } from '../stages/raw-barcode.ts';
import type { Place } from './place.ts';

/** @throws AppError('model-unavailable' | 'model-integrity' | 'offline') */
export async function startBarcodeModel(spec: ModelSpec, place: Place): Promise<BarcodeModel> {
  const [wasm, { prepareZXingModule, readBarcodes }] = await Promise.all([
    place.load(spec.files[0]!, { label: spec.id }),
    import('zxing-wasm/reader'),
  ]);
  await prepareZXingModule({ overrides: { wasmBinary: wasm.buffer }, fireImmediately: true }).catch((error: unknown) => {
    throw toAppError(error, 'model-unavailable', 'model');
  });
  place.statistics.started(spec.id, 'wasm');
  void place.keepOnly(spec.id, spec.files);
  return {
    read: (frame, options) =>
      place.serial.run(() =>
        place.statistics.timed(spec.id, async () => {
          const image = new ImageData(frame.data, frame.widthPx, frame.heightPx);
          const results = await readBarcodes(image, readerOptions(options)).catch((error: unknown) => {
            throw toAppError(error, 'bug', 'barcode');
          });
          return results.filter(({ isValid }) => isValid).map(toRawBarcode);
        }),
      ),
  };
}
