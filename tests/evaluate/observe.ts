/**
 * @file What calibration needs of a labelled folder: every query against every gallery photo, cue by cue. Keypoints and words take
 * minutes, so they are kept in `.cache/calibrate`; delete it after a change to how they are found, read or compared.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { AppError } from '../../src/contracts/errors.ts';
import type { Box } from '../../src/contracts/geometry.ts';
import { MAX_FRAME_SIDE_PX } from '../../src/contracts/media.ts';
import type { EmbeddingSpace, LocalFeatures } from '../../src/contracts/results.ts';
import type { Runtime } from '../../src/contracts/runtime.ts';
import { indexPhotoWords, photoWords } from '../../src/core/photo-words.ts';
import { dot } from '../../src/core/vector.ts';
import { embedCrops } from '../../workers/stages/embed.ts';
import { compareFeatures, extractFeatures, LOCAL_FEATURES_ALGORITHM } from '../../workers/stages/local-features.ts';
import { proposeBox } from '../../workers/stages/propose-box.ts';
import { readText } from '../../workers/stages/read-text.ts';
import type { Dataset } from './dataset.ts';
import { isLooseGoods } from './identification.ts';
import { progressLine } from './report.ts';

/** One photo, described as the app describes it. */
interface Described {
  readonly file: string;
  readonly label: string;
  readonly isLoose: boolean;
  readonly role: 'gallery' | 'query';
  readonly vector: Float32Array<ArrayBuffer>;
  readonly colour: Float32Array<ArrayBuffer>;
  readonly features: LocalFeatures;
  readonly words: readonly string[];
}

/** A gallery photo as a query sees it. */
export interface ObservedPhoto {
  readonly label: string;
  readonly cosine: number;
  readonly colour: number;
  /** Inliers of the homography; null when not compared (loose goods, or not among the best). */
  readonly inliers: number | null;
}

/** A query and everything that was seen of the gallery. */
export interface Observation {
  readonly file: string;
  readonly label: string;
  readonly isLoose: boolean;
  readonly photos: readonly ObservedPhoto[];
  /** How well the words in the photo fit each product's gallery photos, 0..1; absent is 0. */
  readonly words: ReadonlyMap<string, number>;
}

/** Observations and the space that they were made in. */
export interface Observations {
  readonly space: EmbeddingSpace;
  readonly items: readonly Observation[];
}

/** Photos that are compared: the best few of the best products, somewhat more than `src/flow/match-look.ts` compares. */
const VERIFIED_PRODUCTS = 6;
const VERIFIED_PHOTOS_PER_PRODUCT = 2;

/**
 * @param limit of queries, for trials.
 * @throws AppError('invalid-input') for items without label or role.
 */
export async function observe(dataset: Dataset, runtime: Runtime, limit = Infinity): Promise<Observations> {
  const { space, photos } = await describeAll(dataset, runtime);
  return { space, items: (await compareAll(photos, keyOf(dataset.folder, LOCAL_FEATURES_ALGORITHM), runtime)).slice(0, limit) };
}

/** Every query against every gallery photo, the best packs by keypoints too. Inliers do not depend on the net: pairs are kept. */
async function compareAll(photos: readonly Described[], key: string, runtime: Runtime): Promise<Observation[]> {
  const cv = await runtime.openCv();
  const gallery = photos.filter(({ role }) => role === 'gallery');
  const queries = photos.filter(({ role }) => role === 'query');
  const inliersOf = (await readCache<Map<string, number>>(`pairs-${key}`)) ?? new Map<string, number>();
  const inliersBetween = (query: Described, photo: Described): number => {
    const pair = `${query.file} ${photo.file}`;
    const known = inliersOf.get(pair) ?? compareFeatures(photo.file, query.features, photo.features, cv).inliers;
    inliersOf.set(pair, known);
    return known;
  };
  const words = indexPhotoWords(gallery.map((photo) => ({ productId: photo.label, words: photo.isLoose ? [] : photo.words })));
  const progress = progressLine('compare', queries.length);
  const observations = queries.map((query, done): Observation => {
    const looks = gallery.map((photo): Look => ({
      photo,
      cosine: dot(query.vector, photo.vector),
      colour: dot(query.colour, photo.colour),
    }));
    const compared = photosToCompare(looks);
    const seen = looks.map(({ photo, cosine, colour }): ObservedPhoto => {
      return { label: photo.label, cosine, colour, inliers: compared.has(photo.file) ? inliersBetween(query, photo) : null };
    });
    progress(done + 1);
    const fitting = new Map(words.match(query.words, Infinity).map(({ productId, similarity01 }) => [productId, similarity01]));
    return { file: query.file, label: query.label, isLoose: query.isLoose, photos: seen, words: fitting };
  });
  await writeCache(`pairs-${key}`, inliersOf);
  return observations;
}

interface Look {
  readonly photo: Described;
  readonly cosine: number;
  readonly colour: number;
}

/** Files of packs among the best photos of the best products by look. */
function photosToCompare(looks: readonly Look[]): Set<string> {
  const best = new Map<string, string[]>();
  for (const { photo } of [...looks].sort((a, b) => b.cosine + 0.5 * b.colour - a.cosine - 0.5 * a.colour)) {
    const files = best.get(photo.label) ?? [];
    if (files.length >= VERIFIED_PHOTOS_PER_PRODUCT || (files.length === 0 && best.size >= VERIFIED_PRODUCTS)) continue;
    best.set(photo.label, photo.isLoose ? files : [...files, photo.file]);
  }
  return new Set([...best.values()].flat());
}

/** What the net has no part in. */
interface Appearance {
  readonly colour: Float32Array<ArrayBuffer>;
  readonly features: LocalFeatures;
  readonly words: readonly string[];
}

async function describeAll(dataset: Dataset, runtime: Runtime): Promise<{ space: EmbeddingSpace; photos: Described[] }> {
  const labelled = dataset.items.map((item) => {
    if (typeof item.label !== 'string' || item.role === undefined)
      throw new AppError('invalid-input', `${item.file} needs a label and a role (gallery or query)`);
    return { file: item.file, label: item.label, isLoose: isLooseGoods(item.coarse), role: item.role };
  });
  const name = `appearance-2-${keyOf(dataset.folder, LOCAL_FEATURES_ALGORITHM)}`;
  const appearances = (await readCache<Map<string, Appearance>>(name)) ?? new Map<string, Appearance>();
  const progress = progressLine('describe', labelled.length);
  const photos: Described[] = [];
  let space: EmbeddingSpace | null = null;
  for (const item of labelled) {
    const { frame } = await runtime.decode(new Blob([await readFile(join(dataset.folder, item.file))]), MAX_FRAME_SIDE_PX);
    const box = await proposeBox(frame, runtime);
    const [look] = await embedCrops(frame, [box], runtime);
    if (look === undefined) throw new AppError('bug', 'no look for a box');
    const appearance = appearances.get(item.file) ?? {
      colour: look.colour,
      features: await extractFeatures(frame, box, runtime),
      words: photoWords(await readText(frame, readingOf(item.role, box), runtime, { checkCancelled: () => {} })),
    };
    appearances.set(item.file, appearance);
    space = look.embedding.space;
    photos.push({ ...item, vector: look.embedding.vector, ...appearance });
    progress(photos.length);
  }
  await writeCache(name, appearances);
  if (space === null) throw new AppError('invalid-input', `${dataset.folder} holds no photos`);
  return { space, photos };
}

/** A gallery photo is read where the product is, a photo to be identified everywhere, as the app does. */
function readingOf(role: Described['role'], box: Box): { script: 'auto'; region?: Box } {
  return role === 'gallery' ? { script: 'auto', region: box } : { script: 'auto' };
}

const CACHE_FOLDER = join(import.meta.dirname, '../../.cache/calibrate');

function keyOf(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 12);
}

async function readCache<T>(name: string): Promise<T | null> {
  const bytes = await readFile(join(CACHE_FOLDER, `${name}.bin`)).catch(() => null);
  return bytes === null ? null : (deserialize(bytes) as T);
}

async function writeCache(name: string, value: unknown): Promise<void> {
  await mkdir(CACHE_FOLDER, { recursive: true });
  await writeFile(join(CACHE_FOLDER, `${name}.bin`), serialize(value));
}
