/**
 * @file When a runner whom one camera saw passes another one, or the same one again: learnt from the runners that both saw surely. Pure; any thread.
 * [Note: Legs] Nothing is known of the course. From a passing at one camera the next one at another is looked for in three ways: within a minute
 * (they stand side by side, or the burst was interrupted), later than that, or earlier. Each such leg has times of its own, which depend on when the
 * runner came by (the fast come first, waves start apart, photographers walk about), so those who came by at about the same time tell it.
 */
import { median } from '../robust.ts';
import type { Passing } from './passings.ts';

/** Passings of one runner that lie closer are side by side. */
const NEAR_MS = 60_000;
/** Runners who tell a leg's time: of those who came by at about the same time. */
const NEIGHBOURS = 25;
/** Neighbours change so little from one to the next that they are asked anew after so many. */
const STEP = 5;
/** Fewer tell nothing. */
const MIN_RUNNERS = 8;
/** Of a wave, to be heard alone. */
const MIN_OF_WAVE = 12;
/** No leg is so exact. */
const LEAST_SPREAD_MS = 2_000;
/** Median deviation of a normal distribution to its standard deviation. */
const TO_DEVIATION = 1.4826;
/** Spread of legs that say nothing: then anybody may come any time. */
const MOST_SPREAD_MS = 10 * 60_000;
/** Beyond so many spreads nobody is expected. */
const REACH = 5;

type Way = 'near' | 'after' | 'before';
const WAYS = ['near', 'after', 'before'] as const;

/** When somebody is expected at a camera. */
export interface Expectation {
  /** Passing that is known. */
  readonly from: Passing;
  readonly bib: string;
  readonly atMs: number;
  readonly spreadMs: number;
  /** 0..1: runners seen at the one camera who were seen surely at the other, in this way. */
  readonly share01: number;
}

/** Runners who are expected at a camera at some time. */
export interface Expected {
  /** Expectations whose reach covers the time; one runner may have several. */
  at(atMs: number): readonly Expectation[];
  /** Of one runner, whenever. */
  of(bib: string): readonly Expectation[];
}

/** Student's t with three degrees of freedom: some walk, and some stop. @returns 1/ms: how likely an expected runner comes just then. */
export function densityAt({ atMs, spreadMs }: Pick<Expectation, 'atMs' | 'spreadMs'>, thereAtMs: number): number {
  const off = (thereAtMs - atMs) / spreadMs;
  return 0.3676 / (spreadMs * (1 + (off * off) / 3) ** 2);
}

interface Leg {
  /** When the runner came by at the first camera, and how much later at the second. */
  readonly fromMs: Float64Array;
  readonly laterMs: Float64Array;
  /** What was worked out already, by the first neighbour. */
  readonly known: Map<number, LegTime>;
}

interface LegTime {
  readonly laterMs: number;
  readonly spreadMs: number;
}

/**
 * @param passings with a number, in order of time. @param waveOf of a number on the start list; null: not known.
 * @returns of a camera, who is expected when: by all passings at any camera.
 */
export function passingTimes(
  passings: readonly Passing[],
  waveOf: (bib: string) => string | null = () => null,
): (cameraId: string) => Expected {
  const named = passings.filter(({ bib }) => bib !== null);
  const cameras = [...new Set(passings.map(({ cameraId }) => cameraId))];
  const byRunner = passingsByRunner(named);
  return (cameraId) => {
    const expectations = cameras.flatMap((from) => {
      const known = named.filter((passing) => passing.cameraId === from);
      return WAYS.flatMap((way) => expectationsOf(known, byRunner, cameraId, way, waveOf));
    });
    return expectedOf(expectations);
  };
}

/** Of those with a number, in the order given. */
export function passingsByRunner(passings: readonly Passing[]): Map<string, Passing[]> {
  const named = passings.filter(({ bib }) => bib !== null);
  return groupBy(named, ({ bib }) => bib!);
}

function expectationsOf(
  known: readonly Passing[],
  byRunner: ReadonlyMap<string, readonly Passing[]>,
  cameraId: string,
  way: Way,
  waveOf: (bib: string) => string | null,
): Expectation[] {
  const told = known.flatMap((from) => {
    const to = otherPassing(from, byRunner.get(from.bib!)!, cameraId, way);
    return to === null ? [] : [{ from, laterMs: to.atMs - from.atMs }];
  });
  if (told.length < MIN_RUNNERS) return [];
  const share01 = told.length / known.length;
  const all = legOf(told);
  const waves = groupBy(told, ({ from }) => waveOf(from.bib!) ?? '');
  waves.delete('');
  const legs = new Map([...waves].flatMap(([wave, own]) => (own.length < MIN_OF_WAVE ? [] : [[wave, legOf(own)] as const])));
  return known.flatMap((from) => {
    const leg = legs.get(waveOf(from.bib!) ?? '') ?? all;
    const { laterMs, spreadMs } = timeOf(leg, from.atMs);
    return spreadMs > MOST_SPREAD_MS ? [] : [{ from, bib: from.bib!, atMs: from.atMs + laterMs, spreadMs, share01 }];
  });
}

/** The next passing of the same runner at a camera, in one way; null: none. */
function otherPassing(from: Passing, own: readonly Passing[], cameraId: string, way: Way): Passing | null {
  let best: Passing | null = null;
  for (const to of own) {
    if (to === from || to.cameraId !== cameraId) continue;
    const later = to.atMs - from.atMs;
    const isThatWay = way === 'near' ? Math.abs(later) <= NEAR_MS : way === 'after' ? later > NEAR_MS : later < -NEAR_MS;
    if (isThatWay && (best === null || Math.abs(later) < Math.abs(best.atMs - from.atMs))) best = to;
  }
  return best;
}

function legOf(told: readonly { readonly from: Passing; readonly laterMs: number }[]): Leg {
  const ordered = told.toSorted((a, b) => a.from.atMs - b.from.atMs);
  return {
    fromMs: Float64Array.from(ordered, ({ from }) => from.atMs),
    laterMs: Float64Array.from(ordered, ({ laterMs }) => laterMs),
    known: new Map(),
  };
}

/** Of those who came by next before and after: the middle of their times, and how far they stray from it. */
function timeOf({ fromMs, laterMs, known }: Leg, atMs: number): LegTime {
  const place = firstFrom(fromMs, atMs);
  const before = Math.max(0, Math.min(place - Math.floor(NEIGHBOURS / 2), fromMs.length - NEIGHBOURS));
  const first = Math.round(before / STEP) * STEP;
  const done = known.get(first);
  if (done !== undefined) return done;
  const near = [...laterMs.subarray(first, first + NEIGHBOURS)];
  const middle = median(near);
  const deviation = median(near.map((value) => Math.abs(value - middle)));
  const time = { laterMs: middle, spreadMs: Math.max(LEAST_SPREAD_MS, deviation * TO_DEVIATION) };
  known.set(first, time);
  return time;
}

function expectedOf(expectations: readonly Expectation[]): Expected {
  // Few spreads are wide: those that are must not widen the search for all others.
  const bySpread = groupBy(expectations, ({ spreadMs }) => Math.ceil(Math.log2(spreadMs)));
  const shelves = [...bySpread].map(([octave, some]) => {
    const ordered = some.sort((a, b) => a.atMs - b.atMs);
    return { reachMs: REACH * 2 ** octave, ordered, times: Float64Array.from(ordered, ({ atMs }) => atMs) };
  });
  const byRunner = groupBy(expectations, ({ bib }) => bib);
  return {
    of: (bib) => byRunner.get(bib) ?? [],
    at: (atMs) =>
      shelves.flatMap(({ reachMs, ordered, times }) => {
        const found: Expectation[] = [];
        for (let i = firstFrom(times, atMs - reachMs); i < ordered.length && times[i]! <= atMs + reachMs; i++) {
          const one = ordered[i]!;
          if (Math.abs(one.atMs - atMs) <= REACH * one.spreadMs) found.push(one);
        }
        return found;
      }),
  };
}

/** Place of the first value that is not smaller. */
function firstFrom(ordered: Float64Array, value: number): number {
  let [from, to] = [0, ordered.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (ordered[middle]! < value) from = middle + 1;
    else to = middle;
  }
  return from;
}

function groupBy<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
