/**
 * @file Drives a started tesseract.js-core module (the WebAssembly build of tesseract, without tesseract.js' own worker around it).
 * Thread: vision worker or Node; each place loads the module and the language data its own way.
 */
import { AppError, toAppError } from '../../src/contracts/errors.ts';
import type { GreyImage, TesseractLine, TesseractModel, TesseractSymbol } from '../../src/contracts/runtime.ts';

/** What is used of the module that tesseract.js-core's factory gives. */
export interface TesseractCore {
  readonly FS: { writeFile(path: string, bytes: Uint8Array): void; unlink(path: string): void };
  readonly TessBaseAPI: new () => TesseractApi;
}

interface TesseractApi {
  Init(dataPath: string | null, language: string, engineMode: number, configFile?: string): number;
  SetVariable(name: string, value: string): boolean;
  SetImageFile(exifOrientation: number, angle: number): number;
  Recognize(monitor: null): number;
  GetJSONText(): string;
  SaveParameters(): void;
  RestoreParameters(): void;
  Clear(): void;
  End(): void;
}

interface Bbox {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}
interface RawSymbol {
  readonly text: string;
  readonly confidence: number;
  readonly bbox: Bbox;
}
interface RawLine {
  readonly text: string;
  readonly confidence: number;
  readonly bbox: Bbox;
  readonly words: readonly { readonly symbols: readonly RawSymbol[] }[];
}
interface RawPage {
  readonly blocks: readonly { readonly paragraphs: readonly { readonly lines: readonly RawLine[] }[] }[];
}

const LSTM_ONLY = 1;
const IMAGE_PATH = '/input';

/**
 * Start tesseract with one language.
 * @param modelId e.g. `tesseract-jpn`. @param languageData unpacked `.traineddata`.
 * @throws AppError('model-unavailable') when tesseract refuses the data.
 */
export function startTesseract(core: TesseractCore, modelId: string, languageData: Uint8Array): TesseractModel {
  const api = new core.TessBaseAPI();
  core.FS.writeFile(`./${modelId}.traineddata`, languageData);
  if (api.Init(null, modelId, LSTM_ONLY) === -1)
    throw new AppError('model-unavailable', `Tesseract does not accept the data of ${modelId}`, { stage: 'model' });
  core.FS.unlink(`./${modelId}.traineddata`);
  return {
    modelId,
    recognise: (image, pageSegmentation, parameters = {}) =>
      Promise.resolve().then(() => {
        try {
          return recognise(core, api, image, { ...parameters, tessedit_pageseg_mode: String(pageSegmentation) });
        } catch (error) {
          throw toAppError(error, 'bug', 'read');
        }
      }),
  };
}

function recognise(
  core: TesseractCore,
  api: TesseractApi,
  image: GreyImage,
  parameters: Readonly<Record<string, string>>,
): TesseractLine[] {
  core.FS.writeFile(IMAGE_PATH, toBitmap(image));
  api.SaveParameters();
  try {
    for (const [name, value] of Object.entries(parameters)) api.SetVariable(name, value);
    if (api.SetImageFile(1, 0) === 1) throw new AppError('bug', 'Tesseract could not read its image');
    api.Recognize(null);
    const page = JSON.parse(api.GetJSONText()) as RawPage;
    return page.blocks.flatMap(({ paragraphs }) => paragraphs.flatMap(({ lines }) => lines.map(toLine)));
  } finally {
    api.RestoreParameters();
    api.Clear();
    core.FS.unlink(IMAGE_PATH);
  }
}

function toLine({ text, confidence, bbox, words }: RawLine): TesseractLine {
  const symbols: TesseractSymbol[] = words.flatMap((word) =>
    word.symbols.map((symbol) => ({ text: symbol.text, confidence01: symbol.confidence / 100, ...symbol.bbox })),
  );
  return { text: text.trimEnd(), confidence01: confidence / 100, ...bbox, symbols };
}

/** Uncompressed 24-bit BMP, which every build of Leptonica reads. Source: BITMAPINFOHEADER, bottom-up rows padded to 4 bytes. */
export function toBitmap({ widthPx, heightPx, data }: GreyImage): Uint8Array<ArrayBuffer> {
  const HEADER = 54;
  const rowBytes = Math.ceil((widthPx * 3) / 4) * 4;
  const bytes = new Uint8Array(HEADER + rowBytes * heightPx);
  const view = new DataView(bytes.buffer);
  bytes.set([0x42, 0x4d]);
  view.setUint32(2, bytes.length, true);
  view.setUint32(10, HEADER, true);
  view.setUint32(14, 40, true);
  view.setInt32(18, widthPx, true);
  view.setInt32(22, heightPx, true);
  view.setUint16(26, 1, true);
  view.setUint16(28, 24, true);
  view.setUint32(34, rowBytes * heightPx, true);
  // 300 dots per inch: tesseract guesses a resolution from the text when none is given, and guesses badly on single lines.
  view.setInt32(38, 11811, true);
  view.setInt32(42, 11811, true);
  for (let y = 0; y < heightPx; y++) {
    let at = HEADER + (heightPx - 1 - y) * rowBytes;
    for (let x = 0; x < widthPx; x++, at += 3) bytes.fill(data[y * widthPx + x]!, at, at + 3);
  }
  return bytes;
}
