/**
 * @file Whether two faces are one person's, as a probability; which runners a selfie may show. Pure; any thread.
 * [Note: Face evidence] The likeness of two faces says how much likelier it is seen between photos of one person than between two people's; that was
 * fitted once (docs/bib.md). How likely it is that a runner is the one in the selfie depends on how many faces there are besides: among 40,000 there
 * is always somebody who looks alike.
 */
import type { SightingFace } from '../../contracts/race.ts';
import type { FaceDescription } from '../../contracts/results.ts';
import { sigmoid } from '../logistic.ts';
import { dot } from '../vector.ts';

/** Fewer pixels between the eyes, and faces of different people come out alike. */
const MIN_EYE_DISTANCE_PX = 14;
/** A face less sharp than this is a smear. */
const MIN_SHARPNESS = 0.25;

/** Logarithm of how much likelier a likeness (dot product) is of one person than of two: `slope × (likeness − even)`. */
export const EVIDENCE = { slope: 130, even: 0.92 } as const;
/** A second photo of the same number says so much of what it would say alone: whoever looks alike does so in all photos. */
const SECOND_PHOTO = 0.5;
/** Faces that speak less for it are not kept while comparing, and of the others so many. */
const LEAST_EVIDENCE = 2;
const MAX_KEPT = 500;

/** Photos of one runner that a race is expected to hold. */
const PHOTOS_EACH = 5;

/** From which probability on a runner is called likely, and maybe. Below, nobody is shown. */
const LIKELY = 0.9;
const MAYBE = 0.3;

/** Most runners, and most photos without a number, that are shown. */
const MAX_FOUND = 24;

/** Why a selfie cannot be used. */
export type FaceLack = 'small' | 'blurred';

/** @returns null when the face is good enough to be told apart. */
export function faceLack({ eyeDistancePx, sharpness01 }: Pick<FaceDescription, 'eyeDistancePx' | 'sharpness01'>): FaceLack | null {
  if (eyeDistancePx < MIN_EYE_DISTANCE_PX) return 'small';
  return sharpness01 === null || sharpness01 < MIN_SHARPNESS ? 'blurred' : null;
}

export function isTellable(face: Pick<FaceDescription, 'eyeDistancePx' | 'sharpness01'>): boolean {
  return faceLack(face) === null;
}

/** @param likeness of two faces, dot product. @returns logarithm of odds, see [Note: Face evidence] */
function evidenceOf(likeness: number): number {
  return EVIDENCE.slope * (likeness - EVIDENCE.even);
}

/** @param evidence logarithm of odds. @param faces that were compared. @returns 0..1, see [Note: Face evidence] */
export function samePerson01(evidence: number, faces: number): number {
  return sigmoid(evidence + Math.log(PHOTOS_EACH / Math.max(2 * PHOTOS_EACH, faces)));
}

/** How sure a find is. */
export type FindCertainty = 'likely' | 'maybe';

/** A photo that may show the one who is looked for. */
export interface FoundPhoto {
  readonly photoId: string;
  readonly sightingId: string;
  readonly likeness: number;
}

/** A number that the one who is looked for may have. */
export interface FoundRunner {
  readonly bib: string;
  readonly certainty: FindCertainty;
  readonly probability01: number;
  /** Best first. */
  readonly photos: readonly FoundPhoto[];
}

/** A photo of somebody without a number. */
export interface FoundNameless extends FoundPhoto {
  readonly certainty: FindCertainty;
}

/** What a selfie found; both empty: nobody, or not surely enough. */
export interface FaceFinds {
  /** Likeliest first. */
  readonly runners: readonly FoundRunner[];
  /** Likeliest first. */
  readonly nameless: readonly FoundNameless[];
}

/** Compares a selfie with the faces of a race as they are read, and keeps what may be worth showing: memory does not grow with the race. */
export class FaceSearchRun {
  readonly #probe: Float32Array;
  #kept: FoundPhoto[] = [];
  #faces = 0;

  /** @param probe L2-normalised; not copied. */
  constructor(probe: Float32Array) {
    this.#probe = probe;
  }

  /** Faces that were compared. */
  get faces(): number {
    return this.#faces;
  }

  see(photoId: string, faces: readonly Pick<SightingFace, 'sightingId' | 'vector'>[]): void {
    for (const { sightingId, vector } of faces) {
      this.#faces += 1;
      const likeness = dot(this.#probe, vector);
      if (evidenceOf(likeness) >= LEAST_EVIDENCE) this.#kept.push({ photoId, sightingId, likeness });
    }
    if (this.#kept.length > 2 * MAX_KEPT) this.#kept = this.candidates().slice();
  }

  /** @returns the most alike, best first. */
  candidates(): readonly FoundPhoto[] {
    return this.#kept.toSorted((a, b) => b.likeness - a.likeness).slice(0, MAX_KEPT);
  }
}

/**
 * @param candidates most alike first. @param faces that they were the most alike of. @param bibOf number that a sighting has; null: none.
 * @returns numbers and photos without one, likeliest first; a photo counts once for each number.
 */
export function faceFinds(
  candidates: readonly FoundPhoto[],
  faces: number,
  bibOf: (photoId: string, sightingId: string) => string | null,
): FaceFinds {
  const photosOf = new Map<string, FoundPhoto[]>();
  const nameless: FoundNameless[] = [];
  for (const photo of candidates) {
    const bib = bibOf(photo.photoId, photo.sightingId);
    if (bib === null) {
      const certainty = certaintyOf(samePerson01(evidenceOf(photo.likeness), faces));
      if (certainty !== null) nameless.push({ ...photo, certainty });
      continue;
    }
    const photos = photosOf.get(bib) ?? [];
    photosOf.set(bib, photos);
    if (photos.every(({ photoId }) => photoId !== photo.photoId)) photos.push(photo);
  }
  const runners = [...photosOf].flatMap(([bib, photos]): FoundRunner[] => {
    const [best, second] = photos;
    const more = second === undefined ? 0 : SECOND_PHOTO * evidenceOf(second.likeness);
    const probability01 = samePerson01(evidenceOf(best!.likeness) + more, faces);
    const certainty = certaintyOf(probability01);
    return certainty === null ? [] : [{ bib, certainty, probability01, photos }];
  });
  return {
    runners: runners.sort((a, b) => b.probability01 - a.probability01).slice(0, MAX_FOUND),
    nameless: nameless.slice(0, MAX_FOUND),
  };
}

/** @returns null: not worth showing. */
function certaintyOf(probability01: number): FindCertainty | null {
  if (probability01 >= LIKELY) return 'likely';
  return probability01 >= MAYBE ? 'maybe' : null;
}
