/**
 * @file Which bib belongs to whom: a bib lies on the chest or belly of the front-most person that it fits. Pure; any thread.
 * [Note: Proportions] A bib is about 21 to 25 cm wide and 15 to 21 cm tall, a runner 170 cm; it is pinned to the chest or worn at the belt. Where a
 * person is half hidden the box is shorter, so these are soft.
 */
import type { Box } from '../../contracts/geometry.ts';
import type { BibDetection, RaceDetection } from '../../contracts/race.ts';

/** A runner as found: at least one of the two. */
export interface RunnerFound {
  readonly person: RaceDetection | null;
  readonly bib: BibDetection | null;
}

/** Where a bib's middle lies on a person, as shares of the person's box, and how far it strays. */
const MIDDLE = { x: 0.5, y: 0.38, strayX: 0.17, strayY: 0.13 } as const;
/** Height of a bib against height of a person, and its stray as a factor's logarithm. */
const SIZE = { ratio: 0.115, stray: 0.5 } as const;
/** A bib beyond this share of the box, up or down, is on somebody else: on the head, at the feet. */
const TOP = 0.08;
const BOTTOM = 0.86;
/** Cost of a pair above which the bib has nobody. */
const MAX_COST = 9;
/** What a person who stands wholly in front of another is preferred by. */
const FRONT = 2;

/**
 * @returns everybody, from left to right: people with their bibs, people without one, and bibs without a person. Each bib once; a person has
 * one bib at most.
 */
export function pairBibs(people: readonly RaceDetection[], bibs: readonly BibDetection[]): RunnerFound[] {
  const pairs = bibs
    .flatMap((bib, b) => people.map((person, p) => ({ b, p, cost: costOf(bib.box, person.box) })))
    .filter(({ cost }) => cost <= MAX_COST);
  for (const pair of pairs) pair.cost += FRONT * hiddenBehind(people, pair.p, bibs[pair.b]!.box, pairs, pair.b);
  const ofBib = new Map<number, number>();
  const taken = new Set<number>();
  for (const { b, p } of pairs.sort((x, y) => x.cost - y.cost)) {
    if (ofBib.has(b) || taken.has(p)) continue;
    ofBib.set(b, p);
    taken.add(p);
  }
  const bibOf = new Map([...ofBib].map(([b, p]) => [p, b]));
  const found: RunnerFound[] = people.map((person, p) => ({ person, bib: bibs[bibOf.get(p) ?? -1] ?? null }));
  bibs.forEach((bib, b) => {
    if (!ofBib.has(b)) found.push({ person: null, bib });
  });
  return found.sort((a, b) => leftOf(a) - leftOf(b));
}

/** Body that a bib without a person belongs to, by {@link SIZE} and {@link MIDDLE}. May reach beyond the frame. */
export function bodyAround(bib: Box, { widthPx, heightPx }: { readonly widthPx: number; readonly heightPx: number }): Box {
  const height = bib.height / SIZE.ratio;
  // A body seen from the front is about two fifths as wide as it is tall, in pixels.
  const width = (0.4 * height * heightPx) / widthPx;
  return {
    x: bib.x + bib.width / 2 - width * MIDDLE.x,
    y: bib.y + bib.height / 2 - height * MIDDLE.y,
    width,
    height,
  };
}

/** How badly a bib sits on a person; infinite where it cannot be theirs. */
function costOf(bib: Box, person: Box): number {
  const x = (bib.x + bib.width / 2 - person.x) / person.width;
  const y = (bib.y + bib.height / 2 - person.y) / person.height;
  if (x < 0 || x > 1 || y < TOP || y > BOTTOM || bib.width > person.width * 1.15) return Infinity;
  const size = Math.log(bib.height / person.height / SIZE.ratio);
  return ((x - MIDDLE.x) / MIDDLE.strayX) ** 2 + ((y - MIDDLE.y) / MIDDLE.strayY) ** 2 + (size / SIZE.stray) ** 2;
}

/**
 * Share of the other people who could wear the bib and whose feet are lower, so who stand nearer: what they wear covers what those behind wear.
 */
function hiddenBehind(
  people: readonly RaceDetection[],
  person: number,
  bib: Box,
  pairs: readonly { readonly b: number; readonly p: number }[],
  bibIndex: number,
): number {
  const rivals = pairs.filter(({ b, p }) => b === bibIndex && p !== person);
  if (rivals.length === 0) return 0;
  const feet = (p: number): number => people[p]!.box.y + people[p]!.box.height;
  const nearer = rivals.filter(({ p }) => feet(p) > feet(person) + bib.height / 2);
  return nearer.length / rivals.length;
}

function leftOf({ person, bib }: RunnerFound): number {
  const box = person?.box ?? bib!.box;
  return box.x + box.width / 2;
}
