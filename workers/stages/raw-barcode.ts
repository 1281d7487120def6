/** @file zxing-wasm's options and results in the project's words, the same in the browser and in Node. Runtime-neutral. */
import type { RawBarcode } from '../../src/contracts/runtime.ts';

interface Corner {
  readonly x: number;
  readonly y: number;
}

/** The part of zxing-wasm's `ReadResult` that is used. */
interface ZxingResult {
  readonly format: string;
  readonly text: string;
  readonly bytes: Uint8Array;
  readonly contentType: string;
  readonly position: { readonly topLeft: Corner; readonly topRight: Corner; readonly bottomRight: Corner; readonly bottomLeft: Corner };
}

/** Options of `readBarcodes`. `Plain` keeps a GS1 element string as encoded (group separators and all). */
export function readerOptions({ tryHarder, maxSymbols }: { tryHarder: boolean; maxSymbols: number }) {
  return {
    tryHarder,
    tryRotate: tryHarder,
    tryInvert: tryHarder,
    tryDownscale: true,
    maxNumberOfSymbols: maxSymbols,
    textMode: 'Plain' as const,
  };
}

/** @returns corners in pixels of the frame, clockwise from the code's own top left. */
export function toRawBarcode({ format, text, bytes, contentType, position }: ZxingResult): RawBarcode {
  const { topLeft, topRight, bottomRight, bottomLeft } = position;
  return {
    format,
    text,
    bytes: bytes.slice(),
    contentType,
    corners: [topLeft, topRight, bottomRight, bottomLeft].map(({ x, y }) => [x, y] as [number, number]),
  };
}
