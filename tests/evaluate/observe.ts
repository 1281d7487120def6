/**
 * @file What calibration needs of a labelled folder: every query against every gallery photo, cue by cue. Describing photos takes minutes,
 * so descriptors are kept below `.cache/` per embedding space.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { AppError } from '../../src/contracts/errors.ts';
import { MAX_FRAME_SIDE_PX } from '../../src/contracts/media.ts';
import type { EmbeddingSpace, LocalFeatures } from '../../src/contracts/results.ts';
import type { Runtime } from '../../src/contracts/runtime.ts';
import { dot } from '../../src/core/vector.ts';
import { embedCrops } from '../../workers/stages/embed.ts';
import { compareFeatures, extractFeatures, LOCAL_FEATURES_ALGORITHM, MIN_INLIERS } from '../../workers/stages/local-features.ts';
import { proposeBox } from '../../workers/stages/propose-box.ts';
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
  const { space, photos, key } = await describeAll(dataset, runtime);
  const comparisons = await cached(`compare-${key}-${VERIFIED_PRODUCTS}-${VERIFIED_PHOTOS_PER_PRODUCT}-${MIN_INLIERS}-${limit}`, () =>
    compareAll(photos, runtime, limit),
  );
  return { space, items: comparisons };
}

/** Every query against every gallery photo, the best packs by keypoints too. */
async function compareAll(photos: readonly Described[], runtime: Runtime, limit: number): Promise<Observation[]> {
  const cv = await runtime.openCv();
  const gallery = photos.filter(({ role }) => role === 'gallery');
  const queries = photos.filter(({ role }) => role === 'query').slice(0, limit);
  const progress = progressLine('compare', queries.length);
  return queries.map((query, done): Observation => {
    const looks = gallery.map((photo): Look => ({
      photo,
      cosine: dot(query.vector, photo.vector),
      colour: dot(query.colour, photo.colour),
    }));
    const compared = photosToCompare(looks);
    const seen = looks.map(({ photo, cosine, colour }): ObservedPhoto => {
      const inliers = compared.has(photo.file) ? compareFeatures(photo.file, query.features, photo.features, cv).inliers : null;
      return { label: photo.label, cosine, colour, inliers };
    });
    progress(done + 1);
    return { file: query.file, label: query.label, isLoose: query.isLoose, photos: seen };
  });
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

async function describeAll(dataset: Dataset, runtime: Runtime): Promise<{ space: EmbeddingSpace; photos: Described[]; key: string }> {
  const labelled = dataset.items.map((item) => {
    if (typeof item.label !== 'string' || item.role === undefined)
      throw new AppError('invalid-input', `${item.file} needs a label and a role (gallery or query)`);
    return { file: item.file, label: item.label, isLoose: isLooseGoods(item.coarse), role: item.role };
  });
  const { space } = await describe(dataset.folder, labelled[0]!.file, runtime);
  const hash = createHash('sha256').update(JSON.stringify([space, LOCAL_FEATURES_ALGORITHM, dataset.folder, labelled]));
  const key = hash.digest('hex').slice(0, 16);
  const photos = await cached(`describe-${key}`, async () => {
    const progress = progressLine('describe', labelled.length);
    const described: Described[] = [];
    for (const item of labelled) {
      const { vector, colour, features } = await describe(dataset.folder, item.file, runtime);
      described.push({ ...item, vector, colour, features });
      progress(described.length);
    }
    return described;
  });
  return { space, photos, key };
}

/** Delete `.cache/` after a change to the stages: the names know of weights and settings, not of code. */
async function cached<T>(name: string, make: () => Promise<T>): Promise<T> {
  const folder = join(import.meta.dirname, '../../.cache/calibrate');
  const file = join(folder, `${name}.bin`);
  const kept = await readFile(file).catch(() => null);
  if (kept !== null) return deserialize(kept) as T;
  const value = await make();
  await mkdir(folder, { recursive: true });
  await writeFile(file, serialize(value));
  return value;
}

async function describe(folder: string, file: string, runtime: Runtime) {
  const { frame } = await runtime.decode(new Blob([await readFile(join(folder, file))]), MAX_FRAME_SIDE_PX);
  const box = await proposeBox(frame, runtime);
  const [look] = await embedCrops(frame, [box], runtime);
  if (look === undefined) throw new AppError('bug', 'no look for a box');
  const { space, vector } = look.embedding;
  return { space, vector, colour: look.colour, features: await extractFeatures(frame, box, runtime) };
}
