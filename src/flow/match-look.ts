/** @file The look of the thing in the photo against the gallery: box → embedding → neighbours → verified packs. Thread: page or Node. */
import type { PhotoAnalysis } from '../contracts/analysis.ts';
import type { Box } from '../contracts/geometry.ts';
import type { LensSpec } from '../contracts/lens.ts';
import type { OpenedFrame } from '../contracts/media.ts';
import type { Product } from '../contracts/product.ts';
import type { Look, Match, PackVerification } from '../contracts/results.ts';
import type { SearchResponse } from '../contracts/server-api.ts';
import type { CallOptions } from '../contracts/task.ts';
import type { AnalysisDraft } from './analysis-draft.ts';
import type { Pipeline } from './pipeline.ts';

/** Gallery photos asked for. */
export const NEIGHBOURS = 50;
/** Gallery photos whose keypoints are compared: the best few products' best photos. */
const VERIFIED_PHOTOS = 8;

/** What the look says. */
export interface LookCue {
  readonly box: Box;
  readonly look: Look;
  /** Fused look score descending; device first, then server. */
  readonly matches: readonly Match[];
  /** Products that only the server knows. */
  readonly serverProducts: readonly Product[];
  readonly verifications: readonly PackVerification[];
}

/**
 * What this device says about the look.
 * @param onSeen called as soon as the embedding is there, e.g. to ask a server meanwhile.
 * @returns null when the photo could not be embedded (the draft names the error).
 */
export async function matchLook(
  frame: OpenedFrame,
  lens: LensSpec,
  pipeline: Pipeline,
  draft: AnalysisDraft<PhotoAnalysis>,
  call: CallOptions,
  onSeen: (look: Look) => void,
): Promise<LookCue | null> {
  const { frameId } = frame;
  const seen = await draft.stage('embed', async () => {
    const box = await pipeline.vision.proposeBox(frameId, call);
    const [look] = await pipeline.vision.embed(frameId, [box], call);
    return look === undefined ? null : { box, look };
  });
  if (seen === null) return null;
  const { box, look } = seen;
  onSeen(look);

  const probe = { embedding: look.embedding, colour: look.colour };
  const matches = (await draft.stage('match', () => pipeline.index.search(probe, NEIGHBOURS, call))) ?? [];
  const cue: LookCue = { box, look, matches, serverProducts: [], verifications: [] };
  if (!lens.stages.verify || matches.length === 0) {
    draft.skip('verify');
    return cue;
  }
  const verifications = await draft.stage('verify', async () => {
    const features = await pipeline.gallery.byGalleryIds(bestPhotos(matches));
    const references = [...features].map(([galleryId, photo]) => ({ galleryId, features: photo }));
    return references.length === 0 ? [] : pipeline.vision.verify(frameId, box, references, call);
  });
  return { ...cue, verifications: verifications ?? [] };
}

/** The cue with what the server found beside it; what this device knows itself stays as it is. */
export function withServer(cue: LookCue | null, answer: SearchResponse | null): LookCue | null {
  if (cue === null || answer === null) return cue;
  const known = new Set(cue.matches.map(({ galleryId }) => galleryId));
  const onServer = answer.matches
    .filter(({ id }) => !known.has(id))
    .map(({ id, productId, score }): Match => ({ galleryId: id, productId, cosine: score, colour: null, computedOn: 'server' }));
  return { ...cue, matches: [...cue.matches, ...onServer], serverProducts: answer.products };
}

/** Best photo of each of the best products, then their second best. */
function bestPhotos(matches: readonly Match[]): string[] {
  const first: string[] = [];
  const second: string[] = [];
  const seen = new Map<string, number>();
  for (const { galleryId, productId } of matches) {
    const times = seen.get(productId) ?? 0;
    seen.set(productId, times + 1);
    if (times === 0) first.push(galleryId);
    else if (times === 1) second.push(galleryId);
  }
  return [...first.slice(0, 5), ...second, ...first.slice(5)].slice(0, VERIFIED_PHOTOS);
}
