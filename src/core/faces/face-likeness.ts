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
const MIN_SHARPNESS = 0.2;

/** Logarithm of how much likelier a likeness (dot product) is of one person than of two: `slope × (likeness − even)`. */
export const EVIDENCE = { slope: 60, even: 0.92 } as const;

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

/** @param likeness of two faces, dot product. @param faces that were compared. @returns 0..1, see [Note: Face evidence] */
export function samePerson01(likeness: number, faces: number): number {
  const prior = Math.log(PHOTOS_EACH / Math.max(2 * PHOTOS_EACH, faces));
  return sigmoid(EVIDENCE.slope * (likeness - EVIDENCE.even) + prior);
}

/** A face of the race beside the selfie's. */
export interface ComparedFace {
  readonly photoId: string;
  readonly sightingId: string;
  /** Dot product with the selfie's. */
  readonly likeness: number;
}

/** How sure a find is. */
export type FindCertainty = 'likely' | 'maybe';

/** A photo that may show the one who is looked for. */
export interface FoundPhoto {
  readonly photoId: string;
  readonly sightingId: string;
  readonly probability01: number;
}

/** A number that the one who is looked for may have. */
export interface FoundRunner {
  readonly bib: string;
  readonly certainty: FindCertainty;
  /** Of the best photo. */
  readonly probability01: number;
  /** Best first. */
  readonly photos: readonly FoundPhoto[];
}

/** What a selfie found; both empty: nobody, or not surely enough. */
export interface FaceFinds {
  /** Likeliest first. */
  readonly runners: readonly FoundRunner[];
  /** Photos of somebody without a number, likeliest first. */
  readonly nameless: readonly (FoundPhoto & { readonly certainty: FindCertainty })[];
}

/** Compares a selfie with the faces of a race as they are read, and keeps what may be worth showing: memory does not grow with the race. */
export class FaceSearchRun {
  readonly #probe: Float32Array;
  #kept: ComparedFace[] = [];
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
      // Worth a look even if there were no other faces; how many there are is known at the end.
      if (samePerson01(likeness, 0) >= MAYBE) this.#kept.push({ photoId, sightingId, likeness });
    }
  }

  /** @returns what may be shown, likeliest first. */
  candidates(): readonly (ComparedFace & { readonly probability01: number })[] {
    return this.#kept
      .map((face) => ({ ...face, probability01: samePerson01(face.likeness, this.#faces) }))
      .filter(({ probability01 }) => probability01 >= MAYBE)
      .sort((a, b) => b.likeness - a.likeness);
  }
}

/**
 * @param candidates likeliest first. @param bibOf number that a sighting has; null: none.
 * @returns numbers and photos without one, likeliest first; a photo counts once for each number.
 */
export function faceFinds(
  candidates: readonly (FoundPhoto & { readonly likeness: number })[],
  bibOf: (photoId: string, sightingId: string) => string | null,
): FaceFinds {
  const photosOf = new Map<string, FoundPhoto[]>();
  const nameless: (FoundPhoto & { certainty: FindCertainty })[] = [];
  for (const { photoId, sightingId, probability01 } of candidates) {
    const photo = { photoId, sightingId, probability01 };
    const bib = bibOf(photoId, sightingId);
    if (bib === null) {
      nameless.push({ ...photo, certainty: certaintyOf(probability01) });
      continue;
    }
    const photos = photosOf.get(bib) ?? [];
    photosOf.set(bib, photos);
    if (photos.every((each) => each.photoId !== photoId)) photos.push(photo);
  }
  const runners = [...photosOf].map(([bib, photos]): FoundRunner => {
    const { probability01 } = photos[0]!;
    return { bib, certainty: certaintyOf(probability01), probability01, photos };
  });
  return { runners: runners.slice(0, MAX_FOUND), nameless: nameless.slice(0, MAX_FOUND) };
}

function certaintyOf(probability01: number): FindCertainty {
  return probability01 >= LIKELY ? 'likely' : 'maybe';
}
