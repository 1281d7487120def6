/** @file A pipeline whose stages answer what a test tells them to. */
import type { LensSpec } from '../../../src/contracts/lens.ts';
import type { MediaRef } from '../../../src/contracts/media.ts';
import type { GalleryItem, Product } from '../../../src/contracts/product.ts';
import type { BarcodeReading, EmbeddingSpace, TextReading } from '../../../src/contracts/results.ts';
import type { Pipeline, ProductServer } from '../../../src/flow/pipeline.ts';
import type { VisionService } from '../../../src/contracts/client-api.ts';
import { indexPhotoWords } from '../../../src/core/photo-words.ts';
import { createNearest } from '../../../workers/stages/nearest.ts';

export const SPACE: EmbeddingSpace = 'product-embedding@test';

export const LENS: LensSpec = {
  id: 'product',
  title: 'lens_product',
  summary: 'lens_product_summary',
  icon: 'scan',
  stages: { barcode: true, read: 'auto', embed: 'product-embedding', verify: true, judge: true },
  models: [],
  egress: ['vector', 'text'],
};

export function mediaOf(name = 'photo.jpg'): MediaRef {
  return { id: name, blob: new Blob(['x']), name, source: 'file', capturedAtMs: 1 };
}

export function productOf(id: string, more: Partial<Product> = {}): Product {
  return { id, name: { en: id }, gtins: [], kind: 'packaged', packWords: [], source: 'test', updatedAtMs: 0, ...more };
}

export function barcodeOf(gtin: string): BarcodeReading {
  const corner = { x: 0, y: 0 };
  return { format: 'EAN-13', text: gtin.slice(1), gtin, gs1: null, quad: [corner, corner, corner, corner] };
}

export function readingOf(text: string, confidence01 = 0.98): TextReading {
  let start = 0;
  const lines = text.split('\n').map((line) => {
    const end = start + line.length;
    const box = { x: 0, y: 0, width: 1, height: 0.1 };
    const corner = { x: 0, y: 0 };
    const result = {
      text: line,
      start,
      end,
      box,
      quad: [corner, corner, corner, corner] as const,
      confidence01,
      engine: 'tesseract-jpn' as const,
      direction: 'horizontal' as const,
    };
    start = end + 1;
    return result;
  });
  return { text, lines, script: 'japanese', confidence01 };
}

/** Unit vector along one axis. */
export function axis(index: number): Float32Array<ArrayBuffer> {
  const vector = new Float32Array(4);
  vector[index] = 1;
  return vector;
}

export interface Scene {
  readonly barcodes?: readonly BarcodeReading[];
  readonly text?: TextReading;
  readonly vector?: Float32Array<ArrayBuffer>;
  readonly products?: readonly Product[];
  readonly gallery?: readonly Omit<GalleryItem, 'space' | 'colour' | 'features' | 'source'>[];
  readonly vision?: Partial<VisionService>;
  readonly server?: ProductServer;
  readonly rules?: readonly ('halal' | 'vegan')[];
}

/** Frames closed so far are counted in `closed`. */
export function pipelineOf(scene: Scene): Pipeline & { readonly closed: string[] } {
  const gallery = (scene.gallery ?? []).map((item): GalleryItem => ({
    ...item,
    space: SPACE,
    colour: null,
    features: null,
    source: 'test',
  }));
  const nearest = createNearest();
  nearest.replace(gallery);
  const words = indexPhotoWords(gallery.map(({ productId, words: read = [] }) => ({ productId, words: read })));
  const products = scene.products ?? [];
  const closed: string[] = [];
  const look = () => ({
    embedding: { space: SPACE, vector: scene.vector ?? axis(0), backend: 'cpu' as const },
    colour: new Float32Array(4),
  });
  const unused = () => Promise.reject(new Error('not part of this scene'));
  const vision: VisionService = {
    open: async () => ({ frameId: 'frame', widthPx: 100, heightPx: 100, originalWidthPx: 100, originalHeightPx: 100 }),
    close: async (frameId) => void closed.push(frameId),
    readBarcodes: async () => [...(scene.barcodes ?? [])],
    readText: async () => scene.text ?? { text: '', lines: [], script: 'none', confidence01: 0 },
    proposeBox: async () => ({ x: 0.1, y: 0.1, width: 0.8, height: 0.8 }),
    embed: async (_frameId, boxes) => boxes.map(look),
    extractFeatures: unused,
    verify: async () => [],
    detectFaces: async () => [],
    describeFaces: async (_frameId, regions) => regions.map(() => null),
    detectShelf: async () => ({ facings: [], gaps: [] }),
    detectRunners: async () => ({ people: [], bibs: [] }),
    lookAtRunners: async (_frameId, boxes) => boxes.map(() => ({ look: new Float32Array(1), sharpness01: null })),
    readBibs: async (_frameId, boxes) => boxes.map(() => null),
    cropImage: unused,
    prepare: async () => {},
    embeddingSpace: async () => SPACE,
    modelStatus: async () => [{ modelId: 'product-embedding', backend: 'cpu', medianRunMs: 1, runs: 1, selfTest: 'not-needed' }],
    ...scene.vision,
  };
  return {
    vision,
    index: {
      reload: async () => nearest.size,
      replace: async (items) => nearest.replace(items),
      search: async (probe, k) => nearest.search(probe, k),
      matchWords: async (asked, k) => words.match(asked, k),
    },
    catalogue: {
      byId: async (id) => products.find((product) => product.id === id) ?? null,
      byGtin: async (gtin) => products.find(({ gtins }) => gtins.includes(gtin)) ?? null,
      all: async () => products,
    },
    gallery: { byGalleryIds: async () => new Map() },
    server: scene.server ?? null,
    people: async () => [{ id: 'me', name: 'Me', rules: [...(scene.rules ?? ['halal'])] }],
    closed,
  };
}
