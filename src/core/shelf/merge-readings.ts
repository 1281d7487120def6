/** @file Overlapping photos of one bay → one reading in which nothing counts twice ([Note: Registering]). Pure; any thread. */
import type { Box } from '../../contracts/geometry.ts';
import type { Facing, PriceTag, ShelfReading } from '../../contracts/shelf.ts';
import { boundsOf } from '../box-bounds.ts';
import { intersectionOverSmaller, intersectionOverUnion } from '../nms.ts';
import { evenMargin, widenBox } from '../widen-box.ts';
import { isCut } from './cut-facing.ts';
import { knownProductOf } from './find-blocks.ts';
import { IDENTITY, chained, inverse, mapBox, type Homography } from './fit-homography.ts';
import { layoutShelf, type LayoutOptions, type UnplacedGap } from './layout-shelf.ts';
import { planeOfLayout } from './plane-of-layout.ts';
import { registerPhotos, type RegistrationRefusal } from './register-photos.ts';
import type { RowPlane } from './row-plane.ts';

/** One photo's reading. */
export interface MergePart {
  readonly reading: ShelfReading;
  /** Size of the photo; only its proportions matter. */
  readonly widthPx: number;
  readonly heightPx: number;
  /** Unit vectors by id of the facing; without them only names tell facings apart. */
  readonly looks?: ReadonlyMap<string, Float32Array>;
}

/** One reading over a canvas that all photos lie in. */
export interface MergedReading {
  /** Boxes 0..1 of the canvas, which faces the shelf; ids are those of the photos. */
  readonly reading: ShelfReading;
  /** Width over height of the canvas. */
  readonly aspect: number;
  /** Map of each photo (0..1) to the canvas (0..1), in the order of the parts. */
  readonly toCanvas: readonly Homography[];
  /** Ids of the facings of all photos that are one, by the id that stands for them; itself included. */
  readonly sameFacings: ReadonlyMap<string, readonly string[]>;
}

/** All photos in one, or why not. */
export type MergeOutcome =
  | { readonly merged: MergedReading; readonly refusal: null }
  | {
      readonly merged: null;
      readonly refusal: {
        readonly reason: RegistrationRefusal;
        /** Indexes of the photos that could not be laid over any of the others. */
        readonly parts: readonly number[];
      };
    };

/** Boxes of two photos that overlap this much on the canvas are one facing. */
const SAME_FACING = 0.4;
/** So do those of one product: a neighbour reaches this far only where photos lie a third of a facing apart. */
const SAME_PRODUCT = 0.3;
const SAME_INSIDE = 0.7;
/** Of one that a frame cuts, as far as it was seen. */
const SAME_CUT = 0.45;

/** @param parts of one bay, in any order, two or more that overlap; ids of facings, gaps and tags must differ between photos. */
export function mergeReadings(parts: readonly MergePart[], options: LayoutOptions = {}): MergeOutcome {
  const joined = joinPhotos(parts);
  if (joined.refusal !== null) return { merged: null, refusal: joined.refusal };
  const { toCanvas, aspect } = canvasOf(parts, joined.toFirst);
  const { facings, sameFacings, standsFor } = mergeFacings(parts, toCanvas);
  const layout = layoutShelf(facings, mergeGaps(parts, toCanvas, facings), options);
  const rowOf = new Map(layout.placements.map(({ facingId, row }) => [facingId, row]));
  const tags = mergeTags(parts, toCanvas, standsFor).map((tag): PriceTag => ({ ...tag, row: rowOf.get(tag.facingIds[0] ?? '') ?? null }));
  return { merged: { reading: { facings, layout, tags }, aspect, toCanvas, sameFacings }, refusal: null };
}

type Joined =
  | { readonly toFirst: readonly Homography[]; readonly refusal: null }
  | { readonly toFirst: null; readonly refusal: { readonly reason: RegistrationRefusal; readonly parts: readonly number[] } };

/** Map of each photo to the one with most facings: photos join one after the other, the surest next. */
function joinPhotos(parts: readonly MergePart[]): Joined {
  const first = parts.reduce((best, { reading }, i) => (reading.facings.length > parts[best]!.reading.facings.length ? i : best), 0);
  const toFirst = new Map<number, Homography>([[first, IDENTITY]]);
  const tried = new Map<string, ReturnType<typeof registerPhotos>>();
  const registered = (from: number, to: number): ReturnType<typeof registerPhotos> => {
    const key = `${from} ${to}`;
    const known = tried.get(key) ?? registerPhotos(photoOf(parts[from]!), photoOf(parts[to]!));
    tried.set(key, known);
    return known;
  };
  while (toFirst.size < parts.length) {
    let next: { part: number; map: Homography; score: number } | null = null;
    let reason: RegistrationRefusal = 'no-overlap';
    const left = parts.flatMap((_, i) => (toFirst.has(i) ? [] : [i]));
    for (const part of left)
      for (const [known, map] of toFirst) {
        const registration = registered(part, known);
        if (registration.homography === null) {
          if (registration.reason !== 'no-overlap') reason = registration.reason;
        } else if (next === null || registration.score > next.score)
          next = { part, map: chained(registration.homography, map), score: registration.score };
      }
    if (next === null) return { toFirst: null, refusal: { reason, parts: left } };
    toFirst.set(next.part, next.map);
  }
  return { toFirst: parts.map((_, i) => toFirst.get(i)!), refusal: null };
}

function photoOf({ reading: { facings }, looks }: MergePart): Parameters<typeof registerPhotos>[0] {
  return looks === undefined ? { facings } : { facings, looks };
}

/** The row plane of the first photo, cut to what the photos show: boards lie level in it, and things far apart are equally large. */
function canvasOf(parts: readonly MergePart[], toFirst: readonly Homography[]): { toCanvas: Homography[]; aspect: number } {
  const part = parts[toFirst.indexOf(IDENTITY)]!;
  const facing = planeHomography(planeOfLayout(part.reading));
  const toPlane = toFirst.map((map) => chained(map, facing));
  const bounds = boundsOf(parts.flatMap(({ reading }, i) => reading.facings.flatMap(({ box }) => mapBox(toPlane[i]!, box) ?? [])));
  const { x, y, width, height } = widenBox(bounds, evenMargin(0.02));
  const cut: Homography = [1 / width, 0, -x / width, 0, 1 / height, -y / height, 0, 0, 1];
  return { toCanvas: toPlane.map((map) => chained(map, cut)), aspect: (width * part.widthPx) / (height * part.heightPx) };
}

/** `toRowPlane` as a map of the frame. */
function planeHomography({ slope, convergence }: RowPlane): Homography {
  const centred: Homography = [1, 0, 0, -slope, 1, 0, convergence, 0, 1];
  return chained([1, 0, -0.5, 0, 1, -0.5, 0, 0, 1], centred);
}

interface MergedFacings {
  readonly facings: readonly Facing[];
  readonly sameFacings: ReadonlyMap<string, readonly string[]>;
  /** By id of any photo's facing, the id that stands for it. */
  readonly standsFor: ReadonlyMap<string, string>;
}

/** Of a facing in several photos, the box that no frame cuts and that is surest; of its names, the surest. */
function mergeFacings(parts: readonly MergePart[], toCanvas: readonly Homography[]): MergedFacings {
  const candidates = parts
    .flatMap(({ reading }, part) =>
      reading.facings.flatMap((facing) => {
        const box = mapBox(toCanvas[part]!, facing.box);
        return box === null ? [] : [{ part, facing, box, isCut: isCut(facing.box), worth: worthOf(facing) }];
      }),
    )
    .sort((a, b) => b.worth - a.worth);
  const kept: { part: number; facing: Facing; box: Box; parts: Set<number>; ids: string[] }[] = [];
  for (const { part, facing, box, isCut: cut } of candidates) {
    let same: (typeof kept)[number] | null = null;
    let most = 0;
    for (const other of kept) {
      if (other.parts.has(part)) continue; // One photo shows each facing once.
      const overlap = intersectionOverUnion(other.box, box);
      const inside = intersectionOverSmaller(other.box, box);
      const productId = knownProductOf(facing);
      const enough = productId !== null && productId === knownProductOf(other.facing) ? SAME_PRODUCT : SAME_FACING;
      if ((overlap > enough || inside > (cut ? SAME_CUT : SAME_INSIDE)) && overlap > most) [same, most] = [other, overlap];
    }
    if (same === null) kept.push({ part, facing, box, parts: new Set([part]), ids: [facing.id] });
    else {
      same.parts.add(part);
      same.ids.push(facing.id);
      same.facing = { ...same.facing, identity: surerIdentity(same.facing, facing), isEdited: same.facing.isEdited || facing.isEdited };
    }
  }
  return {
    facings: kept.map(({ facing, box }) => ({ ...facing, box })),
    sameFacings: new Map(kept.map(({ facing, ids }) => [facing.id, ids])),
    standsFor: new Map(kept.flatMap(({ facing, ids }) => ids.map((id) => [id, facing.id] as const))),
  };
}

/** What the user drew, then what is whole, then what is sure. */
function worthOf({ box, confidence01, isEdited }: Facing): number {
  return confidence01 + (isEdited ? 2 : 0) - (isCut(box) ? 1 : 0);
}

function surerIdentity(a: Facing, b: Facing): Facing['identity'] {
  if (a.identity === null || b.identity === null) return a.identity ?? b.identity;
  if (a.identity.saidBy === 'user' || b.identity.saidBy === 'user') return a.identity.saidBy === 'user' ? a.identity : b.identity;
  return b.identity.probability01 > a.identity.probability01 ? b.identity : a.identity;
}

/** Gaps that no photo shows something at. */
function mergeGaps(parts: readonly MergePart[], toCanvas: readonly Homography[], facings: readonly Facing[]): UnplacedGap[] {
  const kept: UnplacedGap[] = [];
  const all = parts.flatMap(({ reading }, part) =>
    reading.layout.gaps.flatMap((gap): UnplacedGap[] => {
      const box = mapBox(toCanvas[part]!, gap.box);
      return box === null ? [] : [{ ...gap, box }];
    }),
  );
  for (const gap of all.sort((a, b) => b.confidence01 - a.confidence01)) {
    const isFilled = facings.some(({ box }) => intersectionOverUnion(box, gap.box) > SAME_FACING);
    if (!isFilled && kept.every(({ box }) => intersectionOverUnion(box, gap.box) < SAME_FACING)) kept.push(gap);
  }
  return kept;
}

/** Tags at one place are one; the surest price stays. */
function mergeTags(parts: readonly MergePart[], toCanvas: readonly Homography[], standsFor: ReadonlyMap<string, string>): PriceTag[] {
  const kept: PriceTag[] = [];
  const all = parts.flatMap(({ reading }, part) =>
    reading.tags.flatMap((tag): PriceTag[] => {
      const box = mapBox(toCanvas[part]!, tag.box);
      return box === null ? [] : [{ ...tag, box, facingIds: [...new Set(tag.facingIds.flatMap((id) => standsFor.get(id) ?? []))] }];
    }),
  );
  for (const tag of all.sort((a, b) => b.confidence01 - a.confidence01))
    if (kept.every(({ box }) => intersectionOverSmaller(box, tag.box) < 0.3)) kept.push({ ...tag, id: `tag-${kept.length}` });
  return kept;
}

/** Where a box of the canvas lies in one of the photos; null when it lies outside what the map can tell. */
export function boxInPhoto({ toCanvas }: Pick<MergedReading, 'toCanvas'>, part: number, box: Box): Box | null {
  const back = inverse(toCanvas[part]!);
  return back === null ? null : mapBox(back, box);
}
