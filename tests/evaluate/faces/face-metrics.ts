/** @file Metrics of kind `faces`: faces hidden by size, false alarms, photos that the egress gate would refuse. Pure. */
import type { Box } from '../../../src/contracts/geometry.ts';
import type { FaceDetection } from '../../../src/contracts/results.ts';
import { intersectionArea } from '../../../src/core/nms.ts';
import type { FaceTruth } from './face-truth.ts';

/** One photo: what it shows and what was found, at any confidence. */
export interface FaceResult {
  readonly truth: FaceTruth;
  readonly found: readonly FaceDetection[];
}

/** A face counts as hidden when this share of it lies in what one detection would blur. */
const HIDDEN_SHARE = 0.8;

/** Least size of a class, as a share of the photo's short side. */
const SIZE_CLASSES = [
  ['large', 0.06],
  ['medium', 0.03],
  ['small', 0],
] as const;

/**
 * @param blurFrom confidence from which faces are blurred. @param refuseFrom confidence from which a picture must not leave.
 * @param blurredArea what is blurred for a detection's box.
 * @returns `recall*`: faces hidden (`faces*`: of how many); `false_alarms_per_100`: blurs over no face in 100 photos without any;
 * `refused_with_faces`, `refused_without_faces`: shares of photos.
 */
export function faceMetrics(
  results: readonly FaceResult[],
  blurFrom: number,
  refuseFrom: number,
  blurredArea: (face: Box) => Box,
): Record<string, number> {
  const metrics: Record<string, number> = {};
  const faces = results.flatMap(({ truth, found }) => {
    const blurs = found.filter(({ confidence01 }) => confidence01 >= blurFrom).map(({ box }) => blurredArea(box));
    return truth.faces.map((face, i) => ({
      size01: truth.sizes01[i]!,
      isHidden: blurs.some((blur) => shareOf(face, blur) >= HIDDEN_SHARE),
    }));
  });
  const add = (name: string, of: typeof faces): void => {
    if (of.length > 0) metrics[`recall${name}`] = of.filter(({ isHidden }) => isHidden).length / of.length;
    metrics[`faces${name}`] = of.length;
  };
  add('', faces);
  for (const [index, [name, least01]] of SIZE_CLASSES.entries())
    add(
      `_${name}`,
      faces.filter(({ size01 }) => size01 >= least01 && size01 < (SIZE_CLASSES[index - 1]?.[1] ?? Infinity)),
    );

  const isRefused = ({ found }: FaceResult): boolean => found.some(({ confidence01 }) => confidence01 >= refuseFrom);
  const peopled = results.filter(({ truth }) => truth.faces.length > 0);
  const empty = results.filter(({ truth }) => truth.faces.length === 0 && truth.doubtful.length === 0);
  if (peopled.length > 0) metrics.refused_with_faces = peopled.filter(isRefused).length / peopled.length;
  metrics.photos_with_faces = peopled.length;
  if (empty.length > 0) {
    metrics.false_alarms_per_100 =
      (100 * empty.flatMap(({ found }) => found.filter(({ confidence01 }) => confidence01 >= blurFrom)).length) / empty.length;
    metrics.refused_without_faces = empty.filter(isRefused).length / empty.length;
  }
  metrics.photos_without_faces = empty.length;
  metrics.false_alarms_beside_faces = results
    .filter(({ truth }) => truth.faces.length > 0)
    .flatMap((result) => result.found.filter((face) => face.confidence01 >= blurFrom && isFalse(face.box, result.truth))).length;
  return metrics;
}

/** Neither on a face nor where nobody could tell. */
function isFalse(box: Box, { faces, doubtful }: FaceTruth): boolean {
  return (
    faces.every((face) => intersectionArea(box, face) < 0.2 * area(box)) && doubtful.every((place) => intersectionArea(box, place) === 0)
  );
}

function shareOf(face: Box, blur: Box): number {
  return intersectionArea(face, blur) / area(face);
}

function area({ width, height }: Box): number {
  return width * height;
}
