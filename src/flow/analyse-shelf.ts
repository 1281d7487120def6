/**
 * @file A photo of a shelf → its facings, named: decode → detect → look and search in batches → neighbours → groups of unknowns → rows →
 * price tags. Thread: page or Node; every stage that computes runs in a worker (or in Node's runtime).
 */
import type { MediaRef, OpenedFrame } from '../contracts/media.ts';
import type { Backend } from '../contracts/results.ts';
import type { Facing, ShelfAnalysis, ShelfDetections, ShelfReading } from '../contracts/shelf.ts';
import type { CallOptions, Stage } from '../contracts/task.ts';
import { AppError } from '../contracts/errors.ts';
import { identifyAlone, identifyFacings } from '../core/shelf/identify-facings.ts';
import { layoutShelf, type LayoutOptions, type UnplacedGap } from '../core/shelf/layout-shelf.ts';
import { median } from '../core/robust.ts';
import { AnalysisDraft } from './analysis-draft.ts';
import { lookAtFacings } from './look-at-facings.ts';
import { nextTurn } from '../core/next-turn.ts';
import type { Pipeline } from './pipeline.ts';
import { readPriceTags } from './read-price-tags.ts';

const STAGES: readonly Stage[] = ['decode', 'detect', 'embed', 'match', 'read'];
/** Price tags are read for at most so long; a bay takes half of it on a small computer. */
const TAG_LIMIT_MS = 8_000;

/** What the analysis needs of the place that it runs in. */
export type ShelfPlaces = Pick<Pipeline, 'vision' | 'index' | 'catalogue'>;

/** Options of {@link analyseShelf}. */
export interface AnalyseShelfOptions extends CallOptions {
  /** Called at once and after every change. */
  readonly onUpdate?: (analysis: ShelfAnalysis) => void;
  /** What is known of the bay beside the photo. */
  readonly layout?: LayoutOptions;
  /** False: price tags are not read, which is the longest stage. Default true. */
  readonly hasTags?: boolean;
  /** Keep the frame open in the worker (for crops on the screen); the caller then closes it. Default false. */
  readonly keepFrame?: boolean;
}

/** Before anything is known. */
export const NO_SHELF_YET: ShelfAnalysis = {
  frame: null,
  reading: null,
  looks: [],
  stages: {},
  errors: {},
  progress: null,
  durationsMs: {},
  backends: {},
  tagsRead01: 0,
  isComplete: false,
};

/**
 * Analyse one photo of a shelf. Boxes, names and places arrive through `onUpdate` as soon as they are known.
 * @param media its id starts the ids of the facings, so that those of several photos are never the same, and the same photo gives the same.
 * @returns the complete analysis; stages that failed are named in `errors`. Facings that were not looked at have no identity.
 * @throws AppError('decode-unsupported' | 'cancelled' | 'worker-died' | 'out-of-memory') when there is nothing to show.
 */
export async function analyseShelf(
  media: Pick<MediaRef, 'id' | 'blob'>,
  places: ShelfPlaces,
  options: AnalyseShelfOptions = {},
): Promise<ShelfAnalysis> {
  const { signal, priority, onUpdate = () => {}, keepFrame = false, layout = {}, hasTags = true } = options;
  const draft = new AnalysisDraft<ShelfAnalysis>(NO_SHELF_YET, STAGES, [], onUpdate);
  const call: CallOptions = {
    ...(signal === undefined ? {} : { signal }),
    ...(priority === undefined ? {} : { priority }),
    onProgress: draft.onProgress,
  };
  const frame = await draft.stage('decode', () => places.vision.open(media.blob, call));
  if (frame === null) throw draft.analysis.errors.decode ?? new AppError('bug', 'decode failed without an error');
  draft.update({ frame });
  let isHandedOver = false;
  try {
    await analyseFrame(media.id, frame, places, draft, { layout, hasTags, ...call });
    draft.update({ isComplete: true, progress: null, backends: await backendsOf(places) });
    isHandedOver = keepFrame;
    return draft.analysis;
  } finally {
    // A caller that got no answer knows no frame to close. The worker may be gone already; then its frames are gone too.
    if (!isHandedOver) await places.vision.close(frame.frameId).catch(() => {});
  }
}

async function analyseFrame(
  photoId: string,
  { frameId }: OpenedFrame,
  places: ShelfPlaces,
  draft: AnalysisDraft<ShelfAnalysis>,
  { layout, hasTags, ...call }: CallOptions & { readonly layout: LayoutOptions; readonly hasTags: boolean },
): Promise<void> {
  const found = await draft.stage('detect', async () => {
    const detections = await places.vision.detectShelf(frameId, call);
    draft.update({ reading: readingOf(photoId, detections, layout) });
    return detections;
  });
  if (found === null || found.facings.length === 0) {
    for (const stage of ['embed', 'match', 'read'] as const) draft.skip(stage);
    return;
  }
  const products = new Map((await places.catalogue.all()).map((product) => [product.id, product]));
  await draft.stage('embed', () =>
    lookAtFacings(frameId, draft.analysis.reading!.facings, places, {
      ...call,
      onLooks: async (looks) => {
        const named = new Map(looks.map((look) => [look.facingId, identifyAlone(look, products)]));
        const reading = draft.analysis.reading!;
        const facings = reading.facings.map((facing) => ({ ...facing, identity: named.get(facing.id) ?? facing.identity }));
        // Rows stand since the boxes do; blocks follow when all names are known.
        draft.update({ looks: [...draft.analysis.looks, ...looks], reading: { ...reading, facings } });
        await nextTurn();
      },
    }),
  );
  await draft.stage('match', async () => {
    const { reading, looks } = draft.analysis;
    const facings = identifyFacings(reading!.facings, looks, products);
    await nextTurn();
    draft.update({ reading: { ...reading!, facings, layout: layoutShelf(facings, seenGaps(photoId, found), layout) } });
  });
  if (!hasTags) {
    draft.skip('read');
    return;
  }
  await draft.stage('read', () =>
    readPriceTags(frameId, draft.analysis.reading!, places.vision, {
      ...call,
      limitMs: TAG_LIMIT_MS,
      onTags: ({ tags, share01 }) => draft.update({ reading: { ...draft.analysis.reading!, tags }, tagsRead01: share01 }),
    }),
  );
}

/** Facings in reading order, top to bottom in steps of half a facing, so that a run over the same photo gives the same ids. */
function readingOf(photoId: string, detections: ShelfDetections, layout: LayoutOptions): ShelfReading {
  const step = median(detections.facings.map(({ box }) => box.height)) / 2 || 1;
  const facings = detections.facings
    .map(({ box, confidence01 }) => ({ box, confidence01, band: Math.floor((box.y + box.height) / step) }))
    .sort((a, b) => a.band - b.band || a.box.x - b.box.x || a.box.y - b.box.y)
    .map(({ box, confidence01 }, i): Facing => ({ id: `${photoId}/${i}`, box, confidence01, identity: null, isEdited: false }));
  return { facings, layout: layoutShelf(facings, seenGaps(photoId, detections), layout), tags: [] };
}

/** All that the net sees, however faintly: what of it is a gap, the rows tell. */
function seenGaps(photoId: string, { gaps }: ShelfDetections): UnplacedGap[] {
  return [...gaps]
    .sort((a, b) => a.box.x - b.box.x || a.box.y - b.box.y)
    .map(({ box, confidence01 }, i): UnplacedGap => ({
      ...{ id: `${photoId}/gap-${i}`, box, confidence01, expectedProductId: null, saidBy: 'net' },
    }));
}

async function backendsOf({ vision }: Pick<ShelfPlaces, 'vision'>): Promise<Record<string, Backend>> {
  const status = await vision.modelStatus();
  return Object.fromEntries(status.filter(({ runs }) => runs > 0).map(({ modelId, backend }) => [modelId, backend]));
}
