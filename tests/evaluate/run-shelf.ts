/** @file Kind `shelf`: photos of shelves through the whole pipeline: facings, rows and positions, names, gaps, differences to a planogram. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createNodeRuntime } from '../../server/runtime/node-runtime.ts';
import { MAX_FRAME_SIDE_PX } from '../../src/contracts/media.ts';
import type { GalleryItem, Product } from '../../src/contracts/product.ts';
import type {
  Facing,
  FacingIdentity,
  FacingLook,
  ShelfAnalysis,
  ShelfDetection,
  ShelfDetections,
  ShelfReading,
} from '../../src/contracts/shelf.ts';
import { comparePlanogram } from '../../src/core/shelf/planogram/compare-planogram.ts';
import { isDoubtful } from '../../src/core/shelf/doubtful-gap.ts';
import { withNews } from '../../src/core/shelf/facing-news.ts';
import { identifyFacings } from '../../src/core/shelf/identify-facings.ts';
import { layoutShelf, type UnplacedGap } from '../../src/core/shelf/layout-shelf.ts';
import { analyseShelf } from '../../src/flow/analyse-shelf.ts';
import { enrolPhoto } from '../../src/flow/enrol.ts';
import { readPackWords } from '../../src/flow/read-pack-words.ts';
import { SHELF_CONFIDENCE, detectShelf } from '../../workers/stages/detect-shelf.ts';
import { FrameLevels } from '../../workers/stages/frame-levels.ts';
import type { Dataset } from './dataset.ts';
import { detectionFigures, matchBoxes, type DetectionResult } from './detection-metrics.ts';
import type { NodePipeline } from './node-pipeline.ts';
import { progressLine, type ItemReport, type KindReport } from './report.ts';
import { linearShareError } from './shelf/linear-share.ts';
import { placeAccuracy, type PlaceAccuracy, type PlacePair } from './shelf/place-accuracy.ts';
import { changedPlanogram, matchedDifferences } from './shelf/planogram-changes.ts';
import { shelfTruthOf, type ShelfTruth } from './shelf/shelf-truth.ts';

/** Which part of the truth is given away, to tell the faults of one stage from those of the stages before it. */
export interface ShelfGiven {
  /** `truth`: true boxes of facings and gaps instead of the detector's. */
  readonly boxes: 'found' | 'truth';
  /** `truth`: true products instead of the matcher's; facings that are none stay unknown. */
  readonly names: 'found' | 'truth';
}

/** How the photos are read. */
export interface ShelfRun {
  readonly given: ShelfGiven;
  /** Packs between whose looks nothing decides are read, without a limit of time. */
  readonly withText: boolean;
}

/** Least confidence of boxes that average precision is counted over. */
const LEAST_CONFIDENCE = 0.05;

/** Counts of one photo. */
interface PhotoCounts {
  readonly places: PlaceAccuracy;
  readonly named: NameCounts;
  readonly gaps: Tally;
  readonly differences: Tally;
  /** Null where nothing says how wide the products are. */
  readonly linearShareError: number | null;
  /** Packs that were read, and how long that took. */
  readonly words: { readonly read: number; readonly ms: number };
}

/** First candidates of found facings whose product is labelled. */
interface NameCounts {
  readonly total: number;
  readonly right: number;
  /** Called sure. */
  readonly sure: number;
  readonly sureRight: number;
}

/** What was found, what was there, and what is both. */
interface Tally {
  readonly found: number;
  readonly there: number;
  readonly right: number;
}

/**
 * `ap50`, `ap`, `facing_count_error` of boxes; of found facings `row_accuracy` (row and position right), `sku_top1`, `sure_share` and
 * `sure_precision`; `gap_f1`; `planogram_f1`, [Note: Planogram protocol]; `linear_share_error`. Figures that the folder has no truth for are left
 * out.
 */
export async function runShelf(dataset: Dataset, pipeline: NodePipeline, { given, withText }: ShelfRun): Promise<KindReport> {
  const widthsCm = new Map(
    (dataset.sku_gallery ?? []).flatMap(({ label, width_cm: width }) => (width === undefined ? [] : [[label, width]])),
  );
  const truths = dataset.items.map(shelfTruthOf);
  const labels = (dataset.sku_gallery ?? []).map(({ label }) => label);
  const hasNames = labels.length > 0;
  if (given.names === 'found') await enrolSkus(dataset, pipeline, withText);
  const runtime = createNodeRuntime();
  const progress = progressLine('shelves', truths.length);
  const detections: DetectionResult[] = [];
  const counts: PhotoCounts[] = [];
  const items: ItemReport[] = [];
  for (const [number, truth] of truths.entries()) {
    const { file } = dataset.items[number]!;
    const startedAtMs = performance.now();
    const blob = new Blob([await readFile(join(dataset.folder, file))]);
    let all: ShelfDetections = trueDetections(truth);
    if (given.boxes === 'found') {
      const { frame } = await runtime.decode(blob, MAX_FRAME_SIDE_PX);
      all = await detectShelf(new FrameLevels(frame), runtime, { minConfidence01: LEAST_CONFIDENCE });
    }
    const sure = { facings: surer(all.facings, SHELF_CONFIDENCE.facing), gaps: surer(all.gaps, SHELF_CONFIDENCE.gap) };
    const { reading, words } = await read(file, blob, sure, pipeline, { isNamed: hasNames && given.names === 'found', withText });
    const matches = matchBoxes(
      reading.facings,
      truth.facings.map(({ box }) => box),
    );
    const named = given.names === 'truth' ? withTrueNames(reading, sure, truth, matches) : reading;
    const planned = truth.blocks === null ? null : changedPlanogram(truth.blocks, labels, number);
    const compliance = planned === null ? null : comparePlanogram([named], { rows: planned.rows }, { view: 'whole' });
    const seenGaps = named.layout.gaps.filter((gap) => !isDoubtful(gap));
    detections.push({ found: all.facings, truth: truth.facings.map(({ box }) => box) });
    counts.push({
      places: placeAccuracy(placePairs(named, truth, matches)),
      named: namesRight(named.facings, truth, matches),
      gaps: { found: seenGaps.length, there: truth.gaps?.length ?? 0, right: boxesRight(seenGaps, truth.gaps ?? []) },
      differences: {
        found: compliance?.differences.length ?? 0,
        there: planned?.expected.length ?? 0,
        right: compliance === null ? 0 : matchedDifferences(compliance.differences, planned!.expected),
      },
      linearShareError: linearShareError(named, truth, widthsCm),
      words,
    });
    items.push({
      file,
      expected: { facings: truth.facings.length, gaps: truth.gaps?.length ?? null, differences: planned?.expected ?? null },
      got: {
        facings: reading.facings.length,
        gaps: seenGaps.length,
        ...counts.at(-1),
        differencesFound: compliance?.differences.map(({ kind, sku, confidence01 }) => ({ kind, label: sku, confidence01 })) ?? null,
      },
      ms: performance.now() - startedAtMs,
    });
    progress(items.length);
  }
  return { metrics: metricsOf(detections, counts, { given, hasNames, truths }), items };
}

function metricsOf(
  detections: readonly DetectionResult[],
  counts: readonly PhotoCounts[],
  { given, hasNames, truths }: { given: ShelfGiven; hasNames: boolean; truths: readonly ShelfTruth[] },
): Record<string, number> {
  const metrics: Record<string, number> = {};
  if (given.boxes === 'found') {
    const { ap50, ap, countError, precision, recall } = detectionFigures(detections, SHELF_CONFIDENCE.facing);
    Object.assign(metrics, { ap50, ap, facing_count_error: countError, precision, recall });
  }
  const places = { total: sum(counts, ({ places: { total } }) => total), rows: sum(counts, ({ places: { rightRows } }) => rightRows) };
  if (places.total > 0) {
    metrics['row_accuracy'] = sum(counts, ({ places: { right } }) => right) / places.total;
    metrics['row_only_accuracy'] = places.rows / places.total;
  }
  const named = sum(counts, ({ named: { total } }) => total);
  if (hasNames && given.names === 'found' && named > 0) {
    const sure = sum(counts, ({ named: { sure: count } }) => count);
    metrics['sku_top1'] = sum(counts, ({ named: { right } }) => right) / named;
    metrics['sure_share'] = sure / named;
    if (sure > 0) metrics['sure_precision'] = sum(counts, ({ named: { sureRight } }) => sureRight) / sure;
    const read = sum(counts, ({ words }) => words.read);
    if (read > 0) Object.assign(metrics, { packs_read: read, ms_a_pack: sum(counts, ({ words }) => words.ms) / read });
  }
  const shares = counts.flatMap(({ linearShareError: error }) => error ?? []);
  if (shares.length > 0) metrics['linear_share_error'] = sum(shares, (error) => error) / shares.length;
  if (given.boxes === 'found' && truths.some(({ gaps }) => gaps !== null)) metrics['gap_f1'] = f1(counts.map(({ gaps }) => gaps));
  if (truths.some(({ blocks }) => blocks !== null) && (hasNames || given.names === 'truth'))
    metrics['planogram_f1'] = f1(counts.map(({ differences }) => differences));
  return metrics;
}

/** Enrol one pack shot per product. @param hasWords their words are read, to compare those on facings with. */
async function enrolSkus(dataset: Dataset, pipeline: NodePipeline, hasWords: boolean): Promise<void> {
  const skus = dataset.sku_gallery ?? [];
  const progress = progressLine('enrol', skus.length);
  const products = new Map<string, Product>();
  const gallery: GalleryItem[] = [];
  for (const { label, file } of skus) {
    const product: Product = {
      id: label,
      name: { en: label },
      gtins: [],
      kind: 'packaged',
      packWords: [],
      source: 'evaluate',
      updatedAtMs: 0,
    };
    products.set(label, product);
    const photo = new Blob([await readFile(join(dataset.folder, file))]);
    gallery.push(await enrolPhoto(pipeline.vision, photo, { galleryId: file, product, source: 'evaluate', hasWords }));
    progress(gallery.length);
  }
  await pipeline.load([...products.values()], gallery);
}

/** What one photo gives, and what reading its packs cost. */
interface PhotoRead {
  readonly reading: ShelfReading;
  readonly words: PhotoCounts['words'];
}

/** The reading of the app, from boxes that are given; without names only the layout. */
async function read(
  file: string,
  blob: Blob,
  found: ShelfDetections,
  pipeline: NodePipeline,
  { isNamed, withText }: { readonly isNamed: boolean; readonly withText: boolean },
): Promise<PhotoRead> {
  const unread = { read: 0, ms: 0 };
  if (isNamed) {
    const vision = { ...pipeline.vision, detectShelf: () => Promise.resolve(found) };
    const analysis = await analyseShelf({ id: file, blob }, { ...pipeline, vision }, { hasTags: false, keepFrame: true });
    for (const error of Object.values(analysis.errors)) throw error;
    try {
      return withText ? await withWords(analysis, found, pipeline) : { reading: analysis.reading!, words: unread };
    } finally {
      await vision.close(analysis.frame!.frameId);
    }
  }
  const facings = found.facings.map(({ box, confidence01 }, i): Facing => ({
    id: `${file}/${i}`,
    box,
    confidence01,
    identity: null,
    isEdited: false,
  }));
  return { reading: { facings, layout: layoutShelf(facings, unplaced(found.gaps)), tags: [] }, words: unread };
}

/** As the app does it in the background, once the report is there. */
async function withWords({ frame, reading, looks }: ShelfAnalysis, { gaps }: ShelfDetections, pipeline: NodePipeline): Promise<PhotoRead> {
  const startedAtMs = performance.now();
  let known: readonly FacingLook[] = looks;
  const { read: packs } = await readPackWords(frame!, reading!, looks, pipeline, {
    limitMs: Infinity,
    onNews: (news) => {
      known = withNews(known, news);
    },
  });
  const ms = performance.now() - startedAtMs;
  const products = new Map((await pipeline.catalogue.all()).map((product) => [product.id, product]));
  const facings = identifyFacings(reading!.facings, known, products);
  return { reading: { ...reading!, facings, layout: layoutShelf(facings, unplaced(gaps)) }, words: { read: packs, ms } };
}

function unplaced(gaps: readonly ShelfDetection[]): UnplacedGap[] {
  return gaps.map(({ box, confidence01 }, i) => ({ id: `gap-${i}`, box, confidence01, expectedProductId: null, saidBy: 'net' }));
}

function withTrueNames(reading: ShelfReading, { gaps }: ShelfDetections, truth: ShelfTruth, matches: readonly number[]): ShelfReading {
  const facings = reading.facings.map((facing, i): Facing => {
    const label = truth.facings[matches[i]!]?.label ?? null;
    const identity: FacingIdentity | null =
      label === null
        ? null
        : {
            productId: label,
            probability01: 1,
            certainty: 'sure',
            candidates: [{ productId: label, probability01: 1 }],
            groupId: null,
            saidBy: 'user',
          };
    return { ...facing, identity };
  });
  return { ...reading, facings, layout: layoutShelf(facings, unplaced(gaps)) };
}

function trueDetections({ facings, gaps }: ShelfTruth): ShelfDetections {
  const sure = ({ box }: { box: ShelfDetection['box'] }): ShelfDetection => ({ box, confidence01: 1 });
  return { facings: facings.map(sure), gaps: (gaps ?? []).map(sure) };
}

function surer(found: readonly ShelfDetection[], minConfidence01: number): ShelfDetection[] {
  return found.filter(({ confidence01 }) => confidence01 >= minConfidence01);
}

function placePairs({ facings, layout }: ShelfReading, truth: ShelfTruth, matches: readonly number[]): PlacePair[] {
  const placeOf = new Map(layout.placements.map((placement) => [placement.facingId, placement]));
  return facings.flatMap(({ id }, i): PlacePair[] => {
    const { row = null, position = null } = truth.facings[matches[i]!] ?? {};
    const found = placeOf.get(id);
    return row === null || position === null || found === undefined ? [] : [{ found, truth: { row, position } }];
  });
}

/** First candidates, sure or not, of the found facings whose product is labelled. */
function namesRight(facings: readonly Facing[], truth: ShelfTruth, matches: readonly number[]): NameCounts {
  const counts = { total: 0, right: 0, sure: 0, sureRight: 0 };
  facings.forEach(({ identity }, i) => {
    const label = truth.facings[matches[i]!]?.label;
    if (label === undefined || label === null) return;
    const isRight = identity?.productId === label;
    const isSure = identity?.certainty === 'sure';
    counts.total++;
    if (isRight) counts.right++;
    if (isSure) counts.sure++;
    if (isSure && isRight) counts.sureRight++;
  });
  return counts;
}

function boxesRight(found: readonly ShelfDetection[], truth: readonly { readonly box: ShelfDetection['box'] }[]): number {
  return matchBoxes(
    found,
    truth.map(({ box }) => box),
  ).filter((match) => match >= 0).length;
}

/** Over all photos together; 1 when nothing was there and nothing found. */
function f1(tallies: readonly Tally[]): number {
  const both = sum(tallies, ({ found, there }) => found + there);
  return both === 0 ? 1 : (2 * sum(tallies, ({ right }) => right)) / both;
}

function sum<Item>(items: readonly Item[], valueOf: (item: Item) => number): number {
  return items.reduce((total, item) => total + valueOf(item), 0);
}
