import { describe, expect, it } from 'vitest';
import { createNodeRuntime } from '../../../server/runtime/node-runtime.ts';
import { readBarcodes } from '../../../workers/stages/read-barcodes.ts';
import { drawBarcodeScene, type BarcodeScene } from './barcode-scene.ts';

const runtime = createNodeRuntime();
const PHOTO: BarcodeScene = { widthPx: 2016, heightPx: 1512, symbology: 'ean13', text: '4901234567894', codeWidthPx: 300, isBusy: true };
const GTIN = '04901234567894';
const GS1 = '(01)04901234567894';

describe('readBarcodes', { timeout: 60_000 }, () => {
  it.each<[string, Partial<BarcodeScene>, string, string]>([
    ['in the middle', {}, 'EAN-13', GTIN],
    ['small, at 45°', { codeWidthPx: 200, turnDeg: 45 }, 'EAN-13', GTIN],
    ['nearly upright bars on their side', { turnDeg: 80 }, 'EAN-13', GTIN],
    ['upside down', { turnDeg: 178 }, 'EAN-13', GTIN],
    ['blurred beyond half a module', { codeWidthPx: 250, blurPx: 1.5 }, 'EAN-13', GTIN],
    ['slanted, turned and noisy', { turnDeg: 20, shear: 0.25, noise: 40 }, 'EAN-13', GTIN],
    ['faint', { dark: 90, light: 150, noise: 20 }, 'EAN-13', GTIN],
    ['light bars on dark', { isInverted: true }, 'EAN-13', GTIN],
    ['EAN-8 at 60°', { symbology: 'ean8', text: '49123456', turnDeg: 60 }, 'EAN-8', '00000049123456'],
    ['UPC-A', { symbology: 'upca', text: '012345678905' }, 'UPC-A', '00012345678905'],
    ['UPC-E', { symbology: 'upce', text: '01234565', codeWidthPx: 200 }, 'UPC-E', '00012345000065'],
    ['ITF-14', { symbology: 'itf14', text: '14901234567891', codeWidthPx: 500 }, 'ITF', '14901234567891'],
    ['GS1-128', { symbology: 'gs1-128', text: `${GS1}(17)261231`, codeWidthPx: 600 }, 'Code128', GTIN],
    ['DataBar at 33°', { symbology: 'databaromni', text: GS1, turnDeg: 33 }, 'DataBar', GTIN],
    ['stacked DataBar', { symbology: 'databarstackedomni', text: GS1 }, 'DataBar', GTIN],
    ['Digital Link in a QR code', { symbology: 'qrcode', text: `https://id.gs1.org/01/${GTIN}`, turnDeg: 25 }, 'QRCode', GTIN],
    ['GS1 DataMatrix', { symbology: 'gs1datamatrix', text: `${GS1}(17)261231`, codeWidthPx: 120 }, 'DataMatrix', GTIN],
  ])('reads a code %s', async (_, change, format, gtin) => {
    const readings = await readBarcodes(await drawBarcodeScene({ ...PHOTO, ...change }), runtime);
    expect(readings[0]).toMatchObject({ format, gtin });
  });

  it('says where the code is', async () => {
    const [reading] = await readBarcodes(await drawBarcodeScene({ ...PHOTO, at: [0.25, 0.7], turnDeg: 45 }), runtime);
    const centre = (axis: 'x' | 'y') => reading!.quad.reduce((sum, corner) => sum + corner[axis], 0) / 4;
    expect(centre('x')).toBeCloseTo(0.25, 1);
    expect(centre('y')).toBeCloseTo(0.7, 1);
  });

  it('gives the elements of a GS1 code', async () => {
    const scene = { ...PHOTO, symbology: 'gs1-128', text: `${GS1}(17)261231(10)A7`, codeWidthPx: 700 };
    const [reading] = await readBarcodes(await drawBarcodeScene(scene), runtime);
    expect(reading?.gs1).toEqual({ '01': GTIN, '17': '261231', '10': 'A7' });
  });

  it('puts the GTIN before other codes', async () => {
    const qr = await drawBarcodeScene({ ...PHOTO, symbology: 'qrcode', text: 'https://example.com', at: [0.5, 0.25] });
    const ean = await drawBarcodeScene({ ...PHOTO, at: [0.5, 0.8] });
    const half = qr.data.length / 2;
    const both = { ...qr, data: new Uint8ClampedArray([...qr.data.subarray(0, half), ...ean.data.subarray(half)]) };
    const readings = await readBarcodes(both, runtime);
    expect(readings.map(({ format }) => format)).toEqual(['EAN-13', 'QRCode']);
  });

  it('finds nothing where there is none, and nothing in a frame of one pixel', async () => {
    const shelf = await drawBarcodeScene({ ...PHOTO, symbology: 'qrcode', text: 'x', codeWidthPx: 1 });
    expect(await readBarcodes(shelf, runtime)).toEqual([]);
    expect(await readBarcodes({ widthPx: 1, heightPx: 1, data: new Uint8ClampedArray(4) }, runtime)).toEqual([]);
  });
});
