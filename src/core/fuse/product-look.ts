/** @file From gallery photos to products: the best photos of each, and what the keypoints said. Pure; any thread. */
import type { ComputedOn, Match, PackVerification } from '../../contracts/results.ts';
import type { SpaceCalibration } from './calibration.ts';
import { fusedLook } from './look-score.ts';

/** How a product's gallery photos compare to the photo at hand. */
export interface ProductLook {
  /** See [Note: Look score]. */
  readonly score: number;
  /** Of the best photo. */
  readonly cosine: number;
  readonly colour: number | null;
  readonly computedOn: ComputedOn;
  /** 0 when not compared or not agreeing, up to 1. */
  readonly verification01: number;
  readonly samePack: boolean | null;
}

/** Inliers at which two photos of a pack are taken to agree fully. */
const FULL_INLIERS = 60;
/** Inliers that unlike packs reach by chance. */
const CHANCE_INLIERS = 8;

/** @returns 0 for what chance gives, 1 from {@link FULL_INLIERS} on, logarithmic between. */
export function verificationStrength(inliers: number): number {
  const strength = Math.log(Math.max(1, inliers - CHANCE_INLIERS + 1)) / Math.log(FULL_INLIERS - CHANCE_INLIERS + 1);
  return Math.min(1, strength);
}

/** Look of each product that `matches` name, by product id. */
export function productLooks(
  matches: readonly Match[],
  verifications: readonly PackVerification[],
  { look }: SpaceCalibration,
): Map<string, ProductLook> {
  const verdicts = new Map(verifications.map((verification) => [verification.galleryId, verification]));
  const photos = new Map<string, { match: Match; score: number }[]>();
  for (const match of uniqueByPhoto(matches)) {
    const list = photos.get(match.productId) ?? [];
    list.push({ match, score: fusedLook(match.cosine, match.colour, look) });
    photos.set(match.productId, list);
  }
  const looks = new Map<string, ProductLook>();
  for (const [productId, list] of photos) {
    list.sort((a, b) => b.score - a.score);
    const best = list[0]!;
    const checked = list.flatMap(({ match }) => verdicts.get(match.galleryId) ?? []);
    looks.set(productId, {
      score: best.score,
      cosine: best.match.cosine,
      colour: best.match.colour,
      computedOn: best.match.computedOn,
      verification01: Math.max(0, ...checked.filter(({ isSamePack }) => isSamePack).map(({ inliers }) => verificationStrength(inliers))),
      samePack: checked.length === 0 ? null : checked.some(({ isSamePack }) => isSamePack),
    });
  }
  return looks;
}

/** A photo that both device and server hold counts once, as the device's. */
function uniqueByPhoto(matches: readonly Match[]): Iterable<Match> {
  const unique = new Map<string, Match>();
  for (const match of matches) if (match.computedOn === 'device' || !unique.has(match.galleryId)) unique.set(match.galleryId, match);
  return unique.values();
}
