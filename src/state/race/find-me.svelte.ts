/**
 * @file A selfie and whom it found. The picture and its numbers are in memory only, and gone with {@link FindMe.clear}. Thread: page.
 */
import { toAppError, type AppError } from '../../contracts/errors.ts';
import type { FaceDescription } from '../../contracts/results.ts';
import { FaceSearchRun, faceFinds, faceLack, type FaceFinds, type FaceLack } from '../../core/faces/face-likeness.ts';
import { deliveredBib } from '../../core/race/runner-photos.ts';
import { nextTurn } from '../../core/next-turn.ts';
import { device } from '../device.ts';
import { engine } from '../engine.ts';

/** Where the search stands: a picture is wanted; it is looked at; one of several faces is to be chosen; they are compared; done. */
export type FindStep = 'picture' | 'looking' | 'choosing' | 'comparing' | 'found';

/** Why a picture cannot be used. */
export type SelfieLack = FaceLack | 'none';

/** One search in one race. */
export class FindMe {
  readonly #eventId: string;
  #step = $state<FindStep>('picture');
  #picture = $state.raw<Blob | null>(null);
  #faces = $state.raw<readonly FaceDescription[]>([]);
  #lack = $state<SelfieLack | null>(null);
  #finds = $state.raw<FaceFinds | null>(null);
  #compared = $state(0);
  #error = $state.raw<AppError | null>(null);
  #stop = new AbortController();

  constructor(eventId: string) {
    this.#eventId = eventId;
  }

  get step(): FindStep {
    return this.#step;
  }

  get picture(): Blob | null {
    return this.#picture;
  }

  /** Faces of the picture that can be told apart, largest first. */
  get faces(): readonly FaceDescription[] {
    return this.#faces;
  }

  /** Null: the picture is good enough, or there is none yet. */
  get lack(): SelfieLack | null {
    return this.#lack;
  }

  /** Null until faces were compared. */
  get finds(): FaceFinds | null {
    return this.#finds;
  }

  /** Faces of the race that the selfie was compared with. */
  get compared(): number {
    return this.#compared;
  }

  get error(): AppError | null {
    return this.#error;
  }

  /** Look at a picture; compare at once when it shows one face. Never rejects. */
  async take(picture: Blob): Promise<void> {
    this.clear();
    const { signal } = this.#stop;
    this.#picture = picture;
    this.#step = 'looking';
    try {
      const [{ pipeline }, { describeSelfie }] = await Promise.all([engine(), import('../../flow/describe-race-faces.ts')]);
      const faces = await describeSelfie(picture, pipeline.vision, { signal });
      if (signal.aborted) return;
      this.#faces = faces.filter((face) => faceLack(face) === null);
      if (this.#faces.length > 1) this.#step = 'choosing';
      else if (this.#faces.length === 1) await this.choose(0);
      else {
        this.#lack = faces[0] === undefined ? 'none' : faceLack(faces[0]);
        this.#step = 'picture';
      }
    } catch (caught) {
      this.#fail(caught, signal);
    }
  }

  /** Compare one of {@link faces} with the race's. Never rejects. */
  async choose(index: number): Promise<void> {
    const face = this.#faces[index];
    if (face === undefined) return;
    const { signal } = this.#stop;
    this.#step = 'comparing';
    try {
      const { raceFaces, raceReadings } = device();
      const run = new FaceSearchRun(face.embedding.vector);
      await raceFaces.visit(this.#eventId, (piece) => {
        for (const { photoId, faces } of piece) run.see(photoId, faces);
        return nextTurn();
      });
      const candidates = run.candidates();
      // eslint-disable-next-line svelte/prefer-svelte-reactivity -- Nothing is drawn from it.
      const readings = await raceReadings.ofPhotos([...new Set(candidates.map(({ photoId }) => photoId))]);
      if (signal.aborted) return;
      // eslint-disable-next-line svelte/prefer-svelte-reactivity -- As above.
      const bibs = new Map(
        readings.flatMap(({ photoId, sightings }) =>
          sightings.map((each) => [`${photoId} ${each.id}`, deliveredBib(each, 'check')] as const),
        ),
      );
      this.#finds = faceFinds(candidates, run.faces, (photoId, sightingId) => bibs.get(`${photoId} ${sightingId}`) ?? null);
      this.#compared = run.faces;
      this.#step = 'found';
    } catch (caught) {
      this.#fail(caught, signal);
    }
  }

  /** Forget picture, numbers and finds. */
  clear(): void {
    this.#stop.abort();
    this.#stop = new AbortController();
    this.#step = 'picture';
    this.#picture = null;
    this.#faces = [];
    this.#lack = null;
    this.#finds = null;
    this.#compared = 0;
    this.#error = null;
  }

  #fail(caught: unknown, signal: AbortSignal): void {
    if (signal.aborted) return;
    this.#error = toAppError(caught);
    this.#step = 'picture';
  }
}
