/**
 * @file How one photo of a shelf lies over another, told from their facings alone. Pure; any thread.
 *
 * [Note: Registering] Fronts of facings lie in one plane, so one projective map takes a photo to the next. Any facing that could be the same in both
 * proposes a map (its box fixes scale and place); a map is worth the facings that land on their likes, less those that land on others
 * or on nothing where the other photo looks. The best few are refined over all facings that agree. A shelf repeats itself: when another map,
 * shifted by a facing or more, is nearly as good, nobody can tell which is right, and none is given.
 */
import type { Box, Point } from '../../contracts/geometry.ts';
import type { Facing } from '../../contracts/shelf.ts';
import { intersectionOverUnion } from '../nms.ts';
import { dot } from '../vector.ts';
import { isCut } from './cut-facing.ts';
import { knownProductOf } from './find-blocks.ts';
import { fitHomography, inverse, mapBox, mapPoint, type Homography, type PointPair } from './fit-homography.ts';

/** Facings of a photo, and what they look like where that is kept. */
export interface RegisteredPhoto {
  readonly facings: readonly Facing[];
  /** Unit vectors by id of the facing; those of two photos must be of one kind. */
  readonly looks?: ReadonlyMap<string, Float32Array>;
}

/** Why photos were not laid over each other. */
export type RegistrationRefusal = 'too-few-facings' | 'no-overlap' | 'ambiguous';

/** The map from `a` to `b`, and the facings that are the same in both. */
export type Registration =
  | { readonly homography: Homography; readonly pairs: readonly (readonly [a: number, b: number])[]; readonly score: number }
  | { readonly homography: null; readonly reason: RegistrationRefusal };

/** Facings that both photos must show. */
const MIN_PAIRS = 4;
/** Share of the facings that ought to be in both that must agree. */
const MIN_AGREEMENT = 0.55;
const MAX_PROPOSALS = 600;
const REFINED = 24;
const ROUNDS = 5;
/** Boxes that overlap this much are at one place. */
const AT_ONE_PLACE = 0.3;
/** A map this nearly as good as the best, and elsewhere, makes both doubtful. */
const RIVAL = 0.85;
/** Costs of a facing that lands on another product, and on nothing. */
const CONFLICT = 1;
const NOTHING = 0.5;

/** @param a mapped to `b`; boxes 0..1 of each one's own frame. */
export function registerPhotos(a: RegisteredPhoto, b: RegisteredPhoto): Registration {
  if (a.facings.length < MIN_PAIRS || b.facings.length < MIN_PAIRS) return { homography: null, reason: 'too-few-facings' };
  const likeness = a.facings.map((one) => b.facings.map((other) => likenessOf(one, other, a.looks, b.looks)));
  const proposed = proposals(likeness)
    .map(([i, j]) => judge(boxMap(a.facings[i]!.box, b.facings[j]!.box), a, b, likeness))
    .sort((x, y) => y.score - x.score)
    .slice(0, REFINED);
  const refined = proposed.map((judged) => refine(judged, a, b, likeness)).sort((x, y) => y.score - x.score);
  const best = refined[0];
  if (best === undefined || best.pairs.length < MIN_PAIRS || best.agreement01 < MIN_AGREEMENT)
    return { homography: null, reason: 'no-overlap' };
  const rival = refined.find((other) => other.score > RIVAL * best.score && isElsewhere(other.homography, best, b));
  if (rival !== undefined) return { homography: null, reason: 'ambiguous' };
  return { homography: best.homography, pairs: best.pairs, score: best.score };
}

/** 1 for the same product, -1 for another, in between by looks; small where nothing is known. */
function likenessOf(a: Facing, b: Facing, looksA: RegisteredPhoto['looks'], looksB: RegisteredPhoto['looks']): number {
  const [productA, productB] = [knownProductOf(a), knownProductOf(b)];
  if (productA !== null && productB !== null) return productA === productB ? 1 : -1;
  const [lookA, lookB] = [looksA?.get(a.id), looksB?.get(b.id)];
  // Looks of two spaces say nothing about each other.
  if (lookA === undefined || lookB?.length !== lookA.length) return 0.2;
  // Crops of one product from two sides are rarely below 0.6, of two products rarely above 0.85.
  return Math.max(-1, Math.min(1, (dot(lookA, lookB) - 0.6) / 0.25));
}

/** Pairs that could be one facing, those of rare products first. */
function proposals(likeness: readonly (readonly number[])[]): [number, number][] {
  const pairs = likeness.flatMap((row, i) => {
    const likes = row.flatMap((value, j) => (value > 0.5 ? [j] : []));
    return likes.map((j) => ({ pair: [i, j] as [number, number], rivals: likes.length }));
  });
  const all =
    pairs.length > 0 ? pairs : likeness.flatMap((row, i) => row.map((_, j) => ({ pair: [i, j] as [number, number], rivals: row.length })));
  return all
    .sort((x, y) => x.rivals - y.rivals)
    .slice(0, MAX_PROPOSALS)
    .map(({ pair }) => pair);
}

/** Scale and place that take one box to the other. */
function boxMap(from: Box, to: Box): Homography {
  const [across, down] = [to.width / from.width, to.height / from.height];
  return [across, 0, to.x - across * from.x, 0, down, to.y - down * from.y, 0, 0, 1];
}

interface Judged {
  readonly homography: Homography;
  readonly pairs: readonly (readonly [number, number])[];
  readonly score: number;
  /** Share of the facings of either photo that the other ought to show that agree. */
  readonly agreement01: number;
}

/** What a map is worth. */
function judge(homography: Homography, a: RegisteredPhoto, b: RegisteredPhoto, likeness: readonly (readonly number[])[]): Judged {
  const pairs: [number, number][] = [];
  const taken = new Set<number>();
  let [score, expected] = [0, 0];
  a.facings.forEach(({ box }, i) => {
    const mapped = mapBox(homography, box);
    if (mapped === null || !isInside(mapped)) return;
    expected++;
    let best = { j: -1, overlap: AT_ONE_PLACE };
    b.facings.forEach((other, j) => {
      if (taken.has(j)) return;
      const overlap = intersectionOverUnion(mapped, other.box);
      if (overlap > best.overlap) best = { j, overlap };
    });
    if (best.j < 0) score -= NOTHING;
    else if (likeness[i]![best.j]! < 0) score += CONFLICT * likeness[i]![best.j]!;
    else {
      taken.add(best.j);
      pairs.push([i, best.j]);
      score += likeness[i]![best.j]! * (0.5 + 0.5 * best.overlap);
    }
  });
  return { homography, pairs, score, agreement01: expected === 0 ? 0 : pairs.length / expected };
}

/** Mostly within the other frame, and not blown up or shrunk beyond reason. */
function isInside({ x, y, width, height }: Box): boolean {
  const [middleX, middleY] = [x + width / 2, y + height / 2];
  return middleX > 0.01 && middleX < 0.99 && middleY > 0.01 && middleY < 0.99 && width < 1.5 && height < 1.5;
}

/** Fits the map anew to what agrees, as long as that makes it worth more. */
function refine(start: Judged, a: RegisteredPhoto, b: RegisteredPhoto, likeness: readonly (readonly number[])[]): Judged {
  let best = start;
  let current = start;
  for (let round = 0; round < ROUNDS; round++) {
    const points = current.pairs.flatMap(([i, j]) => cornerPairs(a.facings[i]!.box, b.facings[j]!.box));
    const isWide = current.pairs.length >= 8;
    const fitted = current.pairs.length < 2 ? null : fitHomography(points, !isWide);
    if (fitted === null || !isPlausible(fitted)) break;
    current = judge(fitted, a, b, likeness);
    if (current.score > best.score) best = current;
    else if (round > 1) break;
  }
  return best;
}

/** Corners say more than middles: their scale is part of the match. Sides that a frame cuts are no corners. */
function cornerPairs(from: Box, to: Box): PointPair[] {
  const weight = isCut(from) || isCut(to) ? 0.1 : 1;
  const corner = ({ x, y, width, height }: Box, right: number, down: number): Point => ({ x: x + right * width, y: y + down * height });
  return [0, 1].flatMap((right) =>
    [0, 1].map((down): PointPair => ({ from: corner(from, right, down), to: corner(to, right, down), weight })),
  );
}

/** A photo of the same shelf from another place: not mirrored, not upside down, of like scale all over. */
function isPlausible(homography: Homography): boolean {
  const corners = [
    [0, 0],
    [1, 0],
    [1, 1],
    [0, 1],
  ].map(([x, y]) => mapPoint(homography, { x: x!, y: y! }));
  if (corners.some((corner) => corner === null)) return false;
  const [nw, ne, se, sw] = corners as [Point, Point, Point, Point];
  const sides = [ne.x - nw.x, se.x - sw.x, sw.y - nw.y, se.y - ne.y];
  return sides.every((side) => side > 0.12 && side < 8);
}

/** The other map puts most of the facings that agree by half a facing or more elsewhere. */
function isElsewhere(other: Homography, best: Judged, b: RegisteredPhoto): boolean {
  const moved = best.pairs.filter(([, j]) => {
    const { x, y, width, height } = b.facings[j]!.box;
    const middle = { x: x + width / 2, y: y + height / 2 };
    const at = throughBoth(best.homography, other, middle);
    return at === null || Math.abs(at.x - middle.x) > width / 2 || Math.abs(at.y - middle.y) > height / 2;
  });
  return moved.length * 2 > best.pairs.length;
}

/** Where the second map puts what the first one puts at `point`. */
function throughBoth(first: Homography, second: Homography, point: Point): Point | null {
  const origin = inversePoint(first, point);
  return origin === null ? null : mapPoint(second, origin);
}

function inversePoint(homography: Homography, point: Point): Point | null {
  const back = inverse(homography);
  return back === null ? null : mapPoint(back, point);
}
