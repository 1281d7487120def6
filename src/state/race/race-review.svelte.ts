/**
 * @file The sightings that somebody should look at, one after the other, and what the user says about them. What is said counts for the rest of
 * the burst; undo and redo outlive the page. Thread: page.
 */
import { toAppError, type AppError } from '../../contracts/errors.ts';
import type { RunnerCover, RunnerRow } from '../../contracts/race-desk-api.ts';
import type { BibAnswer, BibCandidate, BibDecision, RacePhoto, RacePhotoReading, Sighting } from '../../contracts/race.ts';
import { reviewOrder } from '../../core/race/review-order.ts';
import { raceDesk } from '../../flow/race-desk.ts';
import type { SightingRow } from '../../store/db.ts';
import type { PhotoTile } from '../../store/race-photos.ts';
import type { DecisionHistory } from '../../store/race-readings.ts';
import { device } from '../device.ts';
import { raceImport } from './race-import.svelte.ts';
import { SETTLE } from './race-reader.ts';

/** A sighting with the photo that shows it. */
export interface ReviewItem {
  readonly photo: RacePhoto;
  readonly reading: RacePhotoReading;
  readonly sighting: Sighting;
  /** Numbers to choose from, most likely first: those of the answer, weighed by who is expected at that time where that is known. */
  readonly candidates: readonly BibCandidate[];
  /** Other doubtful sightings of the same burst, which the answer counts for, too. */
  readonly alike: number;
}

/** Where a sighting is. */
export type SightingPlace = Pick<SightingRow, 'photoId' | 'sightingId'>;

/** Nobody waits longer for the times of a race: it is read once, and big ones take seconds. */
const WEIGHED_MS = 150;

const NOTHING: DecisionHistory = { done: 0, undone: 0, last: null, next: null };

/** The review of one race. */
export class RaceReview {
  readonly #eventId: string;
  #rows = $state.raw<readonly SightingRow[] | null>(null);
  #at = $state.raw<SightingPlace | null>(null);
  #item = $state.raw<ReviewItem | null>(null);
  #covers = $state.raw<readonly RunnerRow[]>([]);
  #history = $state.raw<DecisionHistory>(NOTHING);
  #error = $state.raw<AppError | null>(null);
  /** Changes, one after the other: keys are faster than disks. */
  #turn: Promise<unknown> = Promise.resolve();
  #loads = 0;

  constructor(eventId: string) {
    this.#eventId = eventId;
  }

  /** Doubtful sightings in the order in which they are looked at; null until they came for the first time. */
  get rows(): readonly SightingRow[] | null {
    return this.#rows;
  }

  /** How many are left. */
  get left(): number {
    return this.#rows?.length ?? 0;
  }

  /** The one that is looked at; null while it is fetched, and when none is left. */
  get item(): ReviewItem | null {
    return this.#item;
  }

  /** Its place in {@link rows}; -1: it is not doubtful (any more), or there is none. */
  get index(): number {
    return this.#rows?.findIndex((row) => isSame(row, this.#at)) ?? -1;
  }

  /** What whoever has a number looks like elsewhere: of one who is told by clothes. Null: not known, or not asked. */
  coverOf(bib: string): RunnerCover | null {
    return this.#covers.find((row) => row.bib === bib)?.cover ?? null;
  }

  /** Photos that come next: to be loaded before they are asked for. */
  get comingPhotoIds(): readonly string[] {
    const from = Math.max(0, this.index);
    const coming = (this.#rows ?? []).slice(from, from + 8).map(({ photoId }) => photoId);
    return coming.filter((id, index) => coming.indexOf(id) === index).slice(0, 4);
  }

  get canUndo(): boolean {
    return this.#history.done > 0;
  }

  get canRedo(): boolean {
    return this.#history.undone > 0;
  }

  /** Why it could not be loaded, or the last change not be kept. */
  get error(): AppError | null {
    return this.#error;
  }

  /** Load it, or again after photos were read: what is looked at stays. */
  load(): Promise<void> {
    return this.#inTurn(() => this.#load());
  }

  /** Look at another one. */
  async select(place: SightingPlace | null): Promise<void> {
    this.#at = place === null ? null : { photoId: place.photoId, sightingId: place.sightingId };
    await this.#show();
  }

  next(): Promise<void> {
    return this.#step(1);
  }

  before(): Promise<void> {
    return this.#step(-1);
  }

  /**
   * The number of the sighting that is looked at, or that none can be told; then the next one. @param bib as printed.
   * @throws AppError('quota-exceeded' | 'invalid-input')
   */
  decide(bib: string | null): Promise<void> {
    return this.#inTurn(async () => {
      const item = this.#item;
      if (item === null) return;
      const { index } = this;
      await decideSighting(item.photo, item.sighting, bib);
      await this.#load(Math.max(0, index));
    });
  }

  /** Take the last decision back, and look at what it was about. */
  undo(): Promise<void> {
    return this.#turnBack((eventId) => device().raceReadings.undo(eventId, SETTLE));
  }

  redo(): Promise<void> {
    return this.#turnBack((eventId) => device().raceReadings.redo(eventId, SETTLE));
  }

  async #turnBack(turn: (eventId: string) => Promise<{ readonly decision: BibDecision } | null>): Promise<void> {
    await this.#inTurn(async () => {
      const turned = await turn(this.#eventId);
      if (turned === null) return;
      raceImport.touch();
      this.#at = { photoId: turned.decision.photoId, sightingId: turned.decision.sightingId };
      await this.#load();
    });
  }

  async #step(by: 1 | -1): Promise<void> {
    const rows = this.#rows ?? [];
    const { index } = this;
    const row = rows[index < 0 ? 0 : index + by];
    if (row !== undefined) await this.select(row);
  }

  /** @param place to go to when what is looked at is settled; default: it stays. */
  async #load(place: number | null = null): Promise<void> {
    const { raceReadings, racePhotos } = device();
    const [rows, photoIds, history] = await Promise.all([
      raceReadings.sightings(this.#eventId, 'check'),
      racePhotos.ids(this.#eventId),
      raceReadings.history(this.#eventId),
    ]);
    this.#rows = reviewOrder(rows, photoIds);
    this.#history = history;
    this.#error = null;
    const isThere = this.#rows.some((row) => isSame(row, this.#at));
    if (place !== null && !isThere) this.#at = this.#rows[Math.min(place, this.#rows.length - 1)] ?? null;
    this.#at ??= this.#rows[0] ?? null;
    await this.#show();
  }

  async #show(): Promise<void> {
    this.#loads += 1;
    const load = this.#loads;
    const at = this.#at;
    if (at === null) {
      this.#item = null;
      return;
    }
    const { racePhotos, raceReadings } = device();
    const [tile, reading] = await Promise.all([racePhotos.tile(at.photoId), raceReadings.get(at.photoId)]);
    const sighting = reading?.sightings.find(({ id }) => id === at.sightingId);
    if (tile === null || reading === null || sighting === undefined) {
      if (load === this.#loads) this.#item = null;
      return;
    }
    const { photo } = tile;
    const candidates = await weighed(tile, sighting.answer);
    if (load !== this.#loads) return;
    const { burstId } = sighting;
    const alike = burstId === null ? 0 : (this.#rows ?? []).filter((row) => row.burstId === burstId && !isSame(row, at)).length;
    this.#item = { photo, reading, sighting, candidates, alike };
    this.#covers = [];
    if (sighting.answer.saidBy === 'body') void this.#showCovers(sighting.answer, load).catch(() => {});
  }

  async #showCovers({ candidates }: BibAnswer, load: number): Promise<void> {
    const bibs = candidates.map(({ bib }) => bib);
    const runners = await raceDesk().runners(this.#eventId, bibs, 'sure');
    if (load === this.#loads) this.#covers = runners;
  }

  #inTurn(run: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(run);
    this.#turn = done.catch((caught: unknown) => {
      this.#error = toAppError(caught, 'bug', 'store');
    });
    return done;
  }
}

/**
 * The user says which number a runner has, anywhere in the app.
 * @param bib as printed; null: none can be told. @returns photos whose answers changed. @throws AppError('quota-exceeded' | 'invalid-input')
 */
export async function decideSighting(photo: RacePhoto, sighting: Sighting, bib: string | null): Promise<string[]> {
  const candidates = bib === null ? [] : [{ bib, probability01: 1 }];
  const after: BibAnswer = {
    ...{ bib, certainty: bib === null ? 'none' : 'sure', probability01: 1, partial: null },
    ...{ candidates, saidBy: 'user' },
  };
  const decision: BibDecision = {
    ...{ id: `${photo.eventId}.${crypto.randomUUID()}`, eventId: photo.eventId, photoId: photo.id, sightingId: sighting.id },
    ...{ atMs: Date.now(), before: sighting.answer, after },
  };
  const changed = await device().raceReadings.decide(decision, SETTLE);
  raceImport.touch();
  return changed;
}

/** Numbers of a print in doubt, by time; as they are when that is not known soon enough, or of no use. */
async function weighed({ photo, atMs }: PhotoTile, answer: BibAnswer): Promise<readonly BibCandidate[]> {
  const { candidates, saidBy, certainty } = answer;
  const isPrint = saidBy === 'print' || saidBy === 'burst';
  if (candidates.length < 2 || !isPrint || certainty !== 'check' || photo.cameraId === null || photo.cameraAtMs === null) return candidates;
  const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), WEIGHED_MS));
  const asked = raceDesk().weigh(photo.eventId, photo.cameraId, atMs, candidates);
  // Without times the order is the print's.
  return (await Promise.race([asked.catch(() => null), late])) ?? candidates;
}

function isSame(a: SightingPlace, b: SightingPlace | null): boolean {
  return a.photoId === b?.photoId && a.sightingId === b.sightingId;
}
