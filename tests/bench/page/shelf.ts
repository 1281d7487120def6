/** @file A drawn shelf, and the two sides of its duels, in the browser. */
import * as ort from 'onnxruntime-web/wasm';
import type { IndexService, VisionService } from '../../../src/contracts/client-api.ts';
import type { Box } from '../../../src/contracts/geometry.ts';
import type { GalleryItem, Product } from '../../../src/contracts/product.ts';
import { analyseShelf } from '../../../src/flow/analyse-shelf.ts';
import { enrolPhoto } from '../../../src/flow/enrol.ts';
import { modelSpec } from '../../../src/models/registry.ts';
import type { Measured } from '../contenders.ts';

/** Pictures of the demo's packs. */
const PACKS = [
  'hoshisumi-clam-miso-soup',
  'hoshisumi-shoyu-cup',
  'kazanetei-chips-consomme',
  'kazanetei-chips-norishio',
  'larkfen-ginger-oat-biscuits',
  'minamori-bitter-chocolate',
  'minamori-grape-gummies',
  'morihibari-green-tea',
  'morihibari-soy-milk',
  'naginowa-beef-curry',
  'naginowa-tuna-can',
  'tsumugino-butter-cookies',
] as const;
const WIDTH_PX = 4000;
const HEIGHT_PX = 3000;
const BOARDS = 4;
const COLUMNS = 15;
/** Side of a tile of the plain loop, and of its crops. */
const TILE_PX = 1024;
const CROP_PX = 192;

/** The workers as the app calls them. */
export interface ShelfWorkers {
  readonly vision: VisionService;
  readonly index: IndexService;
}

/** 60 facings on four boards, three of a kind side by side, price tags below; sensor noise, so that nothing compresses to nothing. */
export async function drawShelf(seed: number): Promise<Blob> {
  const canvas = new OffscreenCanvas(WIDTH_PX, HEIGHT_PX);
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.fillStyle = '#cfc9bd';
  context.fillRect(0, 0, WIDTH_PX, HEIGHT_PX);
  const pictures = await Promise.all(PACKS.map(async (name) => createImageBitmap(await pictureOf(name))));
  const [rowPx, columnPx] = [HEIGHT_PX / BOARDS, WIDTH_PX / COLUMNS];
  for (let board = 0; board < BOARDS; board++) {
    const floorPx = (board + 0.82) * rowPx;
    context.fillStyle = '#8d8a85';
    context.fillRect(0, floorPx, WIDTH_PX, rowPx * 0.12);
    for (let column = 0; column < COLUMNS; column++) {
      const picture = pictures[(Math.floor(column / 3) + board * 5 + seed) % PACKS.length]!;
      const scale = Math.min((columnPx * 0.9) / picture.width, (rowPx * 0.72) / picture.height);
      const [width, height] = [picture.width * scale, picture.height * scale];
      context.filter = `brightness(${0.85 + ((column * 7 + board * 3 + seed) % 5) * 0.06})`;
      context.drawImage(picture, (column + 0.5) * columnPx - width / 2, floorPx - height, width, height);
    }
    context.filter = 'none';
    for (let tag = 0; tag < COLUMNS / 3; tag++) {
      context.fillStyle = '#ffffff';
      context.fillRect((tag * 3 + 1) * columnPx, floorPx + 6, columnPx, rowPx * 0.1);
      context.fillStyle = '#111111';
      context.font = 'bold 52px sans-serif';
      context.fillText(`¥${98 + tag * 30 + board * 11}`, (tag * 3 + 1.2) * columnPx, floorPx + 62);
    }
  }
  for (const picture of pictures) picture.close();
  return canvas.convertToBlob({ type: 'image/jpeg', quality: 0.92 });
}

async function pictureOf(name: string): Promise<Blob> {
  return (await fetch(`/demo/packs/${name}.webp`)).blob();
}

const asProduct = (id: string): Product => ({
  ...{ id, name: { en: id }, gtins: [], kind: 'packaged', packWords: [], source: 'bench', updatedAtMs: 0 },
});

/** The demo's packs among unit vectors that are nobody's. */
async function loadGallery({ vision, index }: ShelfWorkers, others: readonly Float32Array<ArrayBuffer>[]): Promise<void> {
  const space = await vision.embeddingSpace();
  const own: GalleryItem[] = [];
  for (const name of PACKS) {
    const enrolment = { galleryId: name, product: { id: name, kind: 'packaged' }, source: 'bench', hasWords: false } as const;
    own.push(await enrolPhoto(vision, await pictureOf(name), enrolment));
  }
  const fillers = others.map((vector, i): GalleryItem => ({
    ...{ id: `g${i}`, productId: `p${i}`, space, vector, colour: null, features: null, source: 'bench' },
  }));
  await index.replace([...own, ...fillers]);
}

/** Both sides over photos of their own; every method's first call prepares it. */
export function shelfContenders(workers: ShelfWorkers, galleryOf: (size: number, dimensions: number) => Float32Array<ArrayBuffer>[]) {
  let loaded: Promise<void> | null = null;
  const ready = (): Promise<void> => (loaded ??= loadGallery(workers, galleryOf(10_000 - PACKS.length, 128)));
  const catalogue = {
    byId: () => Promise.resolve(null),
    byGtin: () => Promise.resolve(null),
    all: () => Promise.resolve(PACKS.map(asProduct)),
  };
  const places = { ...workers, catalogue };
  let photo: Promise<Blob> | null = null;
  const shelf = (): Promise<Blob> => (photo ??= drawShelf(0));

  async function analysed(blob: Blob, hasTags: boolean, stages: Record<string, number> = {}): Promise<Measured> {
    const startedAtMs = performance.now();
    const { reading, durationsMs } = await analyseShelf({ id: 'bench', blob }, places, { hasTags });
    Object.assign(stages, durationsMs);
    return {
      ms: performance.now() - startedAtMs,
      answer: reading?.facings.filter(({ identity }) => identity?.certainty !== 'not-sure').length ?? 0,
    };
  }

  return {
    /** Photo to names, through the workers. The answer is the number of facings named. */
    async nameShelf(): Promise<Measured> {
      await ready();
      return analysed(await shelf(), false);
    },

    /**
     * The same nets plainly, on the page: the detector over every tile of the full photo, whatever is in it, one crop at a time through the net at
     * full size, its cosine to every row of the gallery, all of them sorted. It is given our boxes, so it only has to run the detector, not to
     * decode it.
     */
    async nameShelfPlainly(): Promise<Measured> {
      await ready();
      const blob = await shelf();
      const { vision } = workers;
      const { frameId } = await vision.open(blob);
      const { facings } = await vision.detectShelf(frameId);
      await vision.close(frameId);
      const [detector, embedder] = await plainSessions();
      const gallery = galleryOf(10_000, 128).map((vector) => Array.from(vector));
      const startedAtMs = performance.now();
      const bitmap = await createImageBitmap(blob);
      const { input } = modelSpec('facing-detector');
      for (let y = 0; y < bitmap.height; y += TILE_PX)
        for (let x = 0; x < bitmap.width; x += TILE_PX)
          await run(detector, input?.name ?? '', cut(bitmap, x, y, TILE_PX, TILE_PX, TILE_PX));
      let answer = 0;
      for (const { box } of facings) {
        const vector = await run(embedder, 'image', cutBox(bitmap, box));
        const scores = gallery.map((row, i) => ({ i, score: row.reduce((sum, value, at) => sum + value * vector[at]!, 0) }));
        answer += scores.sort((a, b) => b.score - a.score).slice(0, 1).length;
      }
      return { ms: performance.now() - startedAtMs, answer };
    },

    /** Photo to whole report: names, rows, groups, price tags. */
    async reportShelf(): Promise<Measured> {
      await ready();
      return analysed(await shelf(), true);
    },

    /**
     * Every pack sought by OpenCV's `matchTemplate` (normalised correlation) in the photo at 1000 px, at the three sizes around the one that it
     * really has: it is told the size, which an app does not know. The answer is the number of facings found above 0.6.
     */
    async matchTemplates(): Promise<Measured> {
      const cv = await openCv();
      const blob = await shelf();
      const startedAtMs = performance.now();
      const small = await createImageBitmap(blob, { resizeWidth: 1000, resizeQuality: 'medium' });
      const image = matOf(cv, small, small.width, small.height);
      let answer = 0;
      for (const name of PACKS) {
        const picture = await createImageBitmap(await pictureOf(name));
        const fit = Math.min((1000 / COLUMNS) * (0.9 / picture.width), ((750 / BOARDS) * 0.72) / picture.height);
        for (const scale of [0.9, 1, 1.1]) {
          const template = matOf(cv, picture, Math.round(picture.width * fit * scale), Math.round(picture.height * fit * scale));
          const result = new cv.Mat();
          cv.matchTemplate(image, template, result, cv.TM_CCOEFF_NORMED);
          if (scale === 1) answer += peaksOf(result.data32F, result.cols, template.cols, 0.6);
          result.delete();
          template.delete();
        }
      }
      image.delete();
      return { ms: performance.now() - startedAtMs, answer };
    },

    /** One photo after the other, each another one, as an import does. The answer is the number of facings named in all. */
    async readShelves(from: number, count: number): Promise<Measured> {
      await ready();
      const startedAtMs = performance.now();
      let answer = 0;
      for (let i = from; i < from + count; i++) answer += (await analysed(await drawShelf(i), false)).answer;
      return { ms: performance.now() - startedAtMs, answer };
    },

    /** Milliseconds of each stage of one whole report. */
    async shelfStages(): Promise<Record<string, number>> {
      await ready();
      const stages: Record<string, number> = {};
      await analysed(await shelf(), true, stages);
      return stages;
    },
  };
}

let sessions: Promise<[ort.InferenceSession, ort.InferenceSession]> | null = null;
function plainSessions(): Promise<[ort.InferenceSession, ort.InferenceSession]> {
  const create = (id: string): Promise<ort.InferenceSession> => ort.InferenceSession.create(`/${modelSpec(id).files[0]!.url}`);
  return (sessions ??= Promise.all([create('facing-detector'), create('product-embedding')]));
}

async function run(session: ort.InferenceSession, name: string, data: { values: Float32Array; sidePx: number }): Promise<Float32Array> {
  const output = await session.run({ [name]: new ort.Tensor('float32', data.values, [1, 3, data.sidePx, data.sidePx]) });
  return (await Object.values(output)[0]!.getData()) as Float32Array;
}

function cutBox(bitmap: ImageBitmap, { x, y, width, height }: Box): { values: Float32Array; sidePx: number } {
  return cut(bitmap, x * bitmap.width, y * bitmap.height, width * bitmap.width, height * bitmap.height, CROP_PX);
}

/** A part of the photo, squashed to a square, as the nets take it. */
function cut(bitmap: ImageBitmap, x: number, y: number, width: number, height: number, sidePx: number) {
  const canvas = new OffscreenCanvas(sidePx, sidePx);
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.drawImage(bitmap, x, y, width, height, 0, 0, sidePx, sidePx);
  const { data } = context.getImageData(0, 0, sidePx, sidePx);
  const values = new Float32Array(3 * sidePx ** 2);
  for (let i = 0; i < sidePx ** 2; i++)
    for (let channel = 0; channel < 3; channel++) values[channel * sidePx ** 2 + i] = data[i * 4 + channel]! / 255;
  return { values, sidePx };
}

interface CvMat {
  readonly cols: number;
  readonly data32F: Float32Array;
  delete(): void;
}
interface Cv {
  readonly Mat: new () => CvMat;
  readonly CV_8UC1: number;
  readonly TM_CCOEFF_NORMED: number;
  matFromArray(rows: number, cols: number, type: number, values: ArrayLike<number>): CvMat;
  matchTemplate(image: CvMat, template: CvMat, result: CvMat, method: number): void;
}

let cvReady: Promise<Cv> | null = null;
/** OpenCV.js as the app has it: the whole of its package, script and WASM apart. */
function openCv(): Promise<Cv> {
  return (cvReady ??= startOpenCv());
}

async function startOpenCv(): Promise<Cv> {
  const { url } = modelSpec('opencv').files[0]!;
  const wasmBinary = new Uint8Array(await (await fetch(`/${url}`)).arrayBuffer());
  const script = (await import(/* @vite-ignore */ new URL(url.replace(/\.wasm$/, '.js'), `${location.origin}/`).href)) as {
    createOpenCv(module: object): object;
  };
  let cv: { then?: unknown } = {};
  await new Promise<void>((resolve) => {
    cv = script.createOpenCv({ wasmBinary, onRuntimeInitialized: resolve, print: () => {} });
  });
  // The module's own `then` answers with itself; awaiting it would never end.
  delete cv.then;
  return cv as Cv;
}

function matOf(cv: Cv, picture: ImageBitmap, widthPx: number, heightPx: number): CvMat {
  const context = new OffscreenCanvas(widthPx, heightPx).getContext('2d', { willReadFrequently: true })!;
  context.drawImage(picture, 0, 0, widthPx, heightPx);
  const { data } = context.getImageData(0, 0, widthPx, heightPx);
  const grey = Uint8Array.from(
    { length: widthPx * heightPx },
    (_, i) => (data[i * 4]! * 77 + data[i * 4 + 1]! * 150 + data[i * 4 + 2]! * 29) >> 8,
  );
  return cv.matFromArray(heightPx, widthPx, cv.CV_8UC1, grey);
}

/** Places above `least` that are the highest within half a template. */
function peaksOf(values: Float32Array, columns: number, templateColumns: number, least: number): number {
  const taken: [number, number][] = [];
  const order = [...values.keys()].filter((i) => values[i]! >= least).sort((a, b) => values[b]! - values[a]!);
  for (const i of order) {
    const [x, y] = [i % columns, Math.floor(i / columns)];
    if (taken.every(([otherX, otherY]) => Math.hypot(x - otherX, y - otherY) > templateColumns / 2)) taken.push([x, y]);
  }
  return taken.length;
}
