/** @file A runner passes a camera: what one camera saw of somebody in consecutive photos. Pure; any thread. */
import type { RacePhoto, RacePhotoReading, Sighting, SightingLooks } from '../../contracts/race.ts';

/** A photo of a race as far as passings go. */
export interface PassedPhoto {
  readonly photo: Pick<RacePhoto, 'id' | 'cameraId' | 'cameraAtMs'>;
  /** When it was taken, clock corrected. */
  readonly atMs: number;
  readonly reading: Pick<RacePhotoReading, 'sightings'>;
  readonly looks: Pick<SightingLooks, 'looks'> | null;
}

/** Where a sighting is. */
export interface SightingPlace {
  readonly photoId: string;
  readonly sightingId: string;
}

/** One runner before one camera. */
export interface Passing {
  readonly cameraId: string;
  /** Middle of it. */
  readonly atMs: number;
  /** Number that is sure, or was said by the user; null: it shows none at all. */
  readonly bib: string | null;
  /** Mean of what body and clothes look like, so that a dot product with another's is the mean likeness of the two; null: not looked at. */
  readonly look: Float32Array<ArrayBuffer> | null;
  readonly sightings: readonly SightingPlace[];
}

interface Burst {
  readonly cameraId: string;
  readonly bibs: Set<string>;
  readonly sightings: SightingPlace[];
  readonly looks: { sum: Float32Array<ArrayBuffer> | null; count: number };
  fromMs: number;
  untilMs: number;
  isNameless: boolean;
}

/** Passings of one race. What a photo weighs in memory is gone when it was added. */
export class Passings {
  readonly #bursts = new Map<string, Burst>();

  /** In any order. Photos without a camera or a time are passed over. */
  add({ photo, atMs, reading, looks }: PassedPhoto): void {
    const { cameraId } = photo;
    if (cameraId === null || photo.cameraAtMs === null) return;
    reading.sightings.forEach((sighting, i) => {
      const key = sighting.burstId ?? sighting.id;
      const burst: Burst = this.#bursts.get(key) ?? {
        ...{ cameraId, bibs: new Set(), sightings: [], looks: { sum: null, count: 0 } },
        ...{ fromMs: atMs, untilMs: atMs, isNameless: true },
      };
      this.#bursts.set(key, burst);
      burst.fromMs = Math.min(burst.fromMs, atMs);
      burst.untilMs = Math.max(burst.untilMs, atMs);
      burst.sightings.push({ photoId: photo.id, sightingId: sighting.id });
      if (isKnown(sighting)) burst.bibs.add(sighting.answer.bib!);
      burst.isNameless &&= isNameless(sighting);
      addLook(burst.looks, looks?.looks[i]);
    });
  }

  /** In order of time. Where the number is in doubt there is none: such a passing says nothing surely, and asks for nothing. */
  all(): Passing[] {
    return [...this.#bursts.values()].flatMap((burst) => passingOf(burst)).sort((a, b) => a.atMs - b.atMs);
  }
}

function passingOf({ cameraId, bibs, sightings, looks: { sum, count }, fromMs, untilMs, isNameless: isSilent }: Burst): Passing[] {
  if (bibs.size > 1 || (bibs.size === 0 && !isSilent)) return [];
  const look = sum === null ? null : sum.map((value) => value / count);
  return [{ cameraId, atMs: (fromMs + untilMs) / 2, bib: [...bibs][0] ?? null, look, sightings }];
}

function isKnown({ answer }: Sighting): boolean {
  return answer.bib !== null && (answer.saidBy === 'user' || (answer.certainty === 'sure' && answer.saidBy !== 'body'));
}

/** Nothing of a number can be read, and nobody has said that there is none to tell. An earlier proposal by body and clothes says nothing. */
function isNameless({ read, answer }: Sighting): boolean {
  if (answer.saidBy === 'user' || read.bib !== null || read.partial !== null || read.candidates.length > 0) return false;
  return answer.bib === null || answer.saidBy === 'body';
}

function addLook(looks: Burst['looks'], look: Float32Array | undefined): void {
  if (look === undefined || look.length === 0) return;
  looks.sum ??= new Float32Array(look.length);
  if (looks.sum.length !== look.length) return;
  for (let i = 0; i < look.length; i++) looks.sum[i]! += look[i]!;
  looks.count += 1;
}
