/**
 * @file What neighbouring photos say of each other: a number that one frame shows is carried to the next one where it is hidden, doubtful readings are
 * settled, readings that contradict each other lower each other, and what the user said of one sighting holds for its burst. Pure; any thread.
 *
 * [Note: Local bursts] The answer of a photo is a function of what was read (`read`) and said by the user in the photos at most {@link REACH} places
 * before and after it, in the order in which its camera took them, as long as no pause lies between. Nothing else counts, no order of arrival, no
 * earlier answer (but for what the whole race proposed, see `orByBody`); so a new photo changes its neighbours only, at a cost that does not depend
 * on the number of photos, and taking back what the user said takes back what followed.
 */
import type { BibAnswer, BibCandidate, RacePhoto, RacePhotoReading, Sighting, SightingLooks } from '../../contracts/race.ts';
import { comparable, linkSightings, NUMBERS_AROUND, type ComparablePhoto, type LinkedSighting } from './link-sightings.ts';

/** A photo with what was read in it. */
export interface BurstPhoto {
  readonly photo: Pick<RacePhoto, 'path' | 'cameraAtMs' | 'widthPx' | 'heightPx'>;
  readonly reading: RacePhotoReading;
  /** Null: bodies were not looked at. */
  readonly looks: SightingLooks | null;
}

/** Photos that count, to each side. */
const REACH = 10;
/** A longer pause between two photos ends a burst. */
const PAUSE_MS = 2_500;
/** Photos of one camera to hand to {@link settleBurst} on each side of the one that changed: those that it changes, with all that count for them. */
export const BURST_PHOTOS = 2 * REACH;
/** Photos further from the changed one need not be handed over. */
export const BURST_WINDOW_MS = BURST_PHOTOS * PAUSE_MS;

/** A runner is sought so many frames on: one may be hidden in the next two. */
const FRAMES_ON = 3;
/** Chains of links weaker than this say nothing. */
const MIN_LINK = 0.3;
/** Links at least so strong make a burst that can be shown as one. */
const BURST_LINK = 0.6;
/** The same reader on nearly the same picture errs alike: each further neighbour counts this much of the one before. */
const REPETITION = 0.4;

/** A reading stays sure as long as its neighbours leave it so much. */
const STAYS_SURE = 0.9;
/** A doubtful print becomes sure by a sure neighbour: its own share, the neighbour's link, and what comes out. */
const RAISED = { print: 0.15, link: 0.8, probability: 0.98 } as const;
/** What the user said of a neighbour holds: its link, and what comes out. */
const TAUGHT = { link: 0.85, probability: 0.85 } as const;
/** A number is carried to a runner who shows none from so much on. */
const CARRIED = 0.6;
/** A number that the print suggests is told from so much on. */
const TOLD = 0.3;

/**
 * @param photos the one that changed and its neighbours of the same camera, {@link BURST_PHOTOS} to each side within {@link BURST_WINDOW_MS}; in any
 * order. @param changedPhotoId it is new, was read again, or had an answer of the user given or taken back.
 * @returns readings that are not what they were; those of the user stay as they are.
 */
export function settleBurst(photos: readonly BurstPhoto[], changedPhotoId: string): RacePhotoReading[] {
  const ordered = photos.filter(({ photo }) => photo.cameraAtMs !== null).sort(byTime);
  const changed = ordered.findIndex(({ reading }) => reading.photoId === changedPhotoId);
  if (changed < 0) return photos.filter(({ reading }) => reading.photoId === changedPhotoId).flatMap((one) => alone(one));
  const from = Math.max(0, changed - REACH);
  const links = new Links(ordered);
  return ordered.slice(from, changed + REACH + 1).flatMap((one, i) => settled(from + i, one, ordered, links));
}

/** A photo whose time nobody knows has no neighbours. */
function alone({ reading }: BurstPhoto): RacePhotoReading[] {
  return ifChanged(
    reading,
    oncePerPhoto(
      reading.sightings.map((sighting) => ({
        ...sighting,
        answer: isSaid(sighting) ? sighting.answer : orByBody(sighting.read, sighting),
        burstId: null,
      })),
    ),
  );
}

function settled(at: number, { reading }: BurstPhoto, photos: readonly BurstPhoto[], links: Links): RacePhotoReading[] {
  const found = reading.sightings.map((sighting, row): Sighting => {
    const neighbours = links.neighboursOf(at, row);
    const burst = neighbours.filter(({ link }) => link >= BURST_LINK);
    const first = burst.reduce((a, b) => (b.at < a.at ? b : a), { at, row, link: 1 });
    return {
      ...sighting,
      answer: isSaid(sighting)
        ? sighting.answer
        : orByBody(
            answerOf(
              sighting.read,
              neighbours.map((one) => witnessOf(one, photos)),
            ),
            sighting,
          ),
      burstId: burst.length === 0 ? null : photos[first.at]!.reading.sightings[first.row]!.id,
    };
  });
  return ifChanged(reading, oncePerPhoto(found));
}

/**
 * [Note: Who comes when] looks at the whole race, which a burst does not: what it proposed stays as long as print and neighbours say nothing. They
 * never hear it in turn.
 */
function orByBody(settled: BibAnswer, { answer }: Sighting): BibAnswer {
  return answer.saidBy === 'body' && settled.bib === null && settled.candidates.length === 0 ? answer : settled;
}

/** A neighbour of a sighting: place of its photo, place in it, and how surely it is the same runner. */
interface Neighbour {
  readonly at: number;
  readonly row: number;
  readonly link: number;
}

/** Links between photos that lie close, each worked out once. */
class Links {
  readonly #photos: readonly ComparablePhoto[];
  /** By the first photo and how many places on the second one is. */
  readonly #tables: (number[][] | undefined)[] = [];

  constructor(photos: readonly BurstPhoto[]) {
    this.#photos = photos.map(({ photo, reading, looks }) =>
      comparable({
        atMs: photo.cameraAtMs ?? 0,
        widthPx: Math.max(1, photo.widthPx),
        heightPx: Math.max(1, photo.heightPx),
        sightings: reading.sightings.map((sighting, i): LinkedSighting => ({
          personBox: sighting.personBox,
          bibBox: sighting.bibBox,
          read: isSaid(sighting) ? sighting.answer : sighting.read,
          look: looks?.looks[i] ?? NO_LOOK,
        })),
      }),
    );
  }

  /** The likeliest chain to a sighting of each other photo in reach, none weaker than {@link MIN_LINK}; strongest first. */
  neighboursOf(at: number, row: number): Neighbour[] {
    const neighbours: Neighbour[] = [];
    for (const step of [-1, 1]) {
      // Of the frames just passed, the sightings that may be this runner; the nearest frame first.
      let passed: (readonly Neighbour[])[] = [[{ at, row, link: 1 }]];
      for (let to = at + step; Math.abs(to - at) <= REACH; to += step) {
        const photo = this.#photos[to];
        if (photo === undefined || this.#pauseBetween(to - step, to)) break;
        const reached = new Map<number, number>();
        for (const known of passed.flat())
          this.#linksOf(known, to).forEach((link, i) => {
            const strength = known.link * link;
            if (strength >= MIN_LINK && strength > (reached.get(i) ?? 0)) reached.set(i, strength);
          });
        const found = [...reached].map(([i, link]): Neighbour => ({ at: to, row: i, link })).sort((a, b) => b.link - a.link);
        if (found[0] !== undefined) neighbours.push(found[0]);
        passed = [found, ...passed].slice(0, FRAMES_ON);
        if (passed.every((some) => some.length === 0)) break;
      }
    }
    return neighbours.sort((a, b) => b.link - a.link || a.at - b.at);
  }

  #pauseBetween(a: number, b: number): boolean {
    return Math.abs(this.#photos[a]!.atMs - this.#photos[b]!.atMs) > PAUSE_MS;
  }

  /** How surely a sighting is each of another photo's. */
  #linksOf({ at, row }: Neighbour, to: number): number[] {
    const [first, second] = at < to ? [at, to] : [to, at];
    const key = first * FRAMES_ON + (second - first - 1);
    const table = (this.#tables[key] ??= linkSightings(this.#photos[first]!, this.#photos[second]!));
    return at < to ? table[row]! : table.map((line) => line[row]!);
  }
}

const NO_LOOK = new Float32Array(0);

/** What a neighbour says: numbers with their probabilities. */
interface Witness {
  readonly link: number;
  readonly candidates: readonly BibCandidate[];
  readonly isSaid: boolean;
  readonly isSure: boolean;
}

function witnessOf({ at, row, link }: Neighbour, photos: readonly BurstPhoto[]): Witness {
  const sighting = photos[at]!.reading.sightings[row]!;
  const answer = isSaid(sighting) ? sighting.answer : sighting.read;
  const candidates =
    isSaid(sighting) && answer.bib !== null ? [{ bib: answer.bib, probability01: 0.999 }] : isSaid(sighting) ? [] : answer.candidates;
  return { link, candidates, isSaid: isSaid(sighting) && answer.bib !== null, isSure: answer.bib !== null && answer.certainty === 'sure' };
}

/** @param witnesses strongest link first. */
function answerOf(read: BibAnswer, witnesses: readonly Witness[]): BibAnswer {
  const telling = witnesses.filter(({ candidates }) => candidates.length > 0);
  if (telling.length === 0) return read;
  const own = new Map(read.candidates.map(({ bib, probability01 }) => [bib, probability01]));
  const candidates = weigh(own, telling);
  const [best] = candidates;
  if (best === undefined) return read;
  const { bib, probability01 } = best;
  const print = own.get(bib) ?? 0;
  const isOwn = read.bib === bib;
  const agrees = telling.filter((one) => one.candidates[0]?.bib === bib);
  const isTaught = agrees.some(({ isSaid: said, link }) => said && link >= TAUGHT.link) && probability01 >= TAUGHT.probability;
  const isRaised =
    print >= RAISED.print && probability01 >= RAISED.probability && agrees.some(({ isSure, link }) => isSure && link >= RAISED.link);
  const answer = (certainty: BibAnswer['certainty'], saidBy: BibAnswer['saidBy']): BibAnswer => ({
    ...{ bib, certainty, probability01, candidates, saidBy, partial: isOwn ? read.partial : null },
  });
  if (isOwn && read.certainty === 'sure') return answer(probability01 >= STAYS_SURE ? 'sure' : 'check', 'print');
  if (isTaught || isRaised) return answer('sure', 'burst');
  if (isOwn) return answer(read.certainty === 'none' ? 'check' : read.certainty, 'print');
  // Another number than the print's own: the user should look.
  if (read.bib !== null || print > 0) return probability01 >= TOLD ? answer('check', 'burst') : { ...read, candidates };
  return probability01 >= CARRIED ? answer('check', 'burst') : read;
}

/**
 * Bayes' rule over the numbers that anybody named and one for all others; a witness who is somebody else says nothing.
 * @returns probability descending, at most 5.
 */
function weigh(own: ReadonlyMap<string, number>, witnesses: readonly Witness[]): BibCandidate[] {
  const named = new Set([...own.keys(), ...witnesses.flatMap(({ candidates }) => candidates.map(({ bib }) => bib))]);
  const ownRest = Math.max(0.001, 1 - sum([...own.values()]));
  const scores = new Map([...named].map((bib) => [bib, Math.log((own.get(bib) ?? 0) + ownRest / NUMBERS_AROUND)]));
  let others = Math.log(ownRest);
  witnesses.forEach(({ link, candidates }, i) => {
    const weight = REPETITION ** i;
    const says = new Map(candidates.map(({ bib, probability01 }) => [bib, probability01]));
    const rest = Math.max(0.001, 1 - sum([...says.values()]));
    const factor = (share: number): number => weight * Math.log(link * share + 1 - link);
    for (const bib of named) scores.set(bib, scores.get(bib)! + factor((says.get(bib) ?? 0) * NUMBERS_AROUND + rest));
    others += factor(rest);
  });
  const most = Math.max(others, ...scores.values());
  const total = Math.exp(others - most) + sum([...scores.values()].map((score) => Math.exp(score - most)));
  return [...scores]
    .map(([bib, score]) => ({ bib, probability01: Math.exp(score - most) / total }))
    .sort((a, b) => b.probability01 - a.probability01 || (a.bib < b.bib ? -1 : 1))
    .slice(0, 5);
}

/** A number that was carried here goes if another runner of the photo carries it with better right. */
function oncePerPhoto(sightings: readonly Sighting[]): Sighting[] {
  const right = ({ answer }: Sighting): number =>
    (answer.saidBy === 'user' ? 2 : answer.saidBy === 'print' && answer.certainty === 'sure' ? 1 : 0) + answer.probability01;
  const best = new Map<string, Sighting>();
  for (const sighting of sightings) {
    const { bib } = sighting.answer;
    const rival = bib === null ? undefined : best.get(bib);
    if (bib !== null && (rival === undefined || right(sighting) > right(rival))) best.set(bib, sighting);
  }
  return sightings.map((sighting) => {
    const { bib, saidBy } = sighting.answer;
    const isCarried = bib !== null && (saidBy === 'burst' || saidBy === 'body') && best.get(bib) !== sighting;
    return isCarried ? { ...sighting, answer: sighting.read } : sighting;
  });
}

function ifChanged(reading: RacePhotoReading, sightings: readonly Sighting[]): RacePhotoReading[] {
  const isSame = sightings.every((sighting, i) => {
    const before = reading.sightings[i]!;
    return before.burstId === sighting.burstId && JSON.stringify(before.answer) === JSON.stringify(sighting.answer);
  });
  return isSame ? [] : [{ ...reading, sightings: [...sightings] }];
}

function isSaid({ answer }: Sighting): boolean {
  return answer.saidBy === 'user';
}

function byTime(a: BurstPhoto, b: BurstPhoto): number {
  return a.photo.cameraAtMs! - b.photo.cameraAtMs! || (a.photo.path < b.photo.path ? -1 : a.photo.path > b.photo.path ? 1 : 0);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
