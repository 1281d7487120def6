/**
 * @file Search by selfie of one race: its switch, and the faces of photos that were read before it was on. Goes on while other pages are looked at.
 * Thread: page.
 */
import { AppError, toAppError } from '../../contracts/errors.ts';
import { device } from '../device.ts';
import { engine } from '../engine.ts';
import { Loaded } from '../loaded.svelte.ts';
import { tasks, type TaskHandle } from '../tasks.svelte.ts';
import { raceImport } from './race-import.svelte.ts';

interface FacesAtOnce {
  readonly isOn: boolean;
  readonly described: number;
  readonly undescribed: number;
}

/** How far describing is. */
export interface FaceProgress {
  readonly done: number;
  readonly total: number;
}

/** Loaded with the first race that is searched by selfie. */
const description = () => import('../../flow/describe-race-faces.ts');

/** Of one file, not of the machine: the next photo may do. */
const OF_THE_FILE: ReadonlySet<string> = new Set(['permission-denied', 'invalid-input', 'decode-unsupported']);

/** Faces of one race. */
class RaceFaces {
  readonly #eventId: string;
  readonly #all: Loaded<FacesAtOnce>;
  #progress = $state.raw<FaceProgress | null>(null);
  #error = $state.raw<AppError | null>(null);
  #unopened = $state(0);
  #run: { readonly stop: AbortController; readonly ended: Promise<void> } | null = null;

  constructor(eventId: string) {
    this.#eventId = eventId;
    this.#all = new Loaded(() => this.#count());
  }

  /** Null until it is known. */
  get isOn(): boolean | null {
    return this.#all.value?.isOn ?? null;
  }

  /** Photos whose faces are described; those without a face, too. */
  get described(): number {
    return this.#all.value?.described ?? 0;
  }

  /** Photos that were read while the search was off, or could not be opened. */
  get undescribed(): number {
    return this.#all.value?.undescribed ?? 0;
  }

  /** Null: nothing is described now. */
  get progress(): FaceProgress | null {
    return this.#progress;
  }

  /** Photos that the last run could not open. */
  get unopened(): number {
    return this.#unopened;
  }

  /** Why the last run ended early; being stopped is no reason. */
  get error(): AppError | null {
    return this.#error ?? this.#all.error;
  }

  load(): Promise<void> {
    return this.#all.load();
  }

  /** From now on faces of this race are described, first those of photos that were read already. @param label in the task tray. */
  async turnOn(label: string): Promise<void> {
    const { faceSpace } = await description();
    await device().raceFaces.turnOn(this.#eventId, faceSpace(), Date.now());
    await this.load();
    void this.describe(label);
  }

  /** Every face of this race is erased. */
  async turnOff(): Promise<void> {
    this.#error = null;
    this.#unopened = 0;
    await device().raceFaces.turnOff(this.#eventId);
    this.cancel();
    await this.#run?.ended;
    await this.load();
  }

  /** Photos that were read and not described. Never rejects. @param label in the task tray. */
  async describe(label: string): Promise<void> {
    if (this.#run !== null) return;
    const stop = new AbortController();
    const ended = this.#describe(label, stop.signal);
    this.#run = { stop, ended };
    await ended;
  }

  /** What was described stays. */
  cancel(): void {
    this.#run?.stop.abort();
  }

  async #describe(label: string, signal: AbortSignal): Promise<void> {
    this.#error = null;
    this.#unopened = 0;
    this.#progress = { done: 0, total: 0 };
    try {
      await tasks.run(label, (handle) => this.#describeAll(handle), signal);
    } catch (caught) {
      const error = toAppError(caught);
      if (error.code !== 'cancelled') this.#error = error;
    } finally {
      this.#progress = null;
      this.#run = null;
      await this.load();
    }
  }

  async #describeAll({ signal, onProgress }: TaskHandle): Promise<void> {
    const { raceFaces, raceReadings } = device();
    const [
      {
        pipeline: { vision },
      },
      { describePhoto, FACE_MODELS },
    ] = await Promise.all([engine(), description()]);
    await vision.prepare(FACE_MODELS, { signal, onProgress });
    const ids = await raceFaces.undescribed(this.#eventId);
    for (const [done, photoId] of ids.entries()) {
      this.#progress = { done, total: ids.length };
      onProgress({ stage: 'embed', done, total: ids.length, unit: 'items' });
      if (signal.aborted) throw new AppError('cancelled', 'stopped', { stage: 'embed' });
      const reading = await raceReadings.get(photoId);
      if (reading === null) continue;
      try {
        const faces = await describePhoto(() => raceImport.file(photoId), reading, vision, { signal, priority: 'batch' });
        if (!(await raceFaces.put(faces)) && (await raceFaces.search(this.#eventId)) === null) return;
      } catch (caught) {
        const error = toAppError(caught);
        if (!OF_THE_FILE.has(error.code)) throw error;
        this.#unopened += 1;
      }
    }
    onProgress({ stage: 'embed', done: ids.length, total: ids.length, unit: 'items' });
  }

  async #count(): Promise<FacesAtOnce> {
    const { raceFaces } = device();
    const search = await raceFaces.search(this.#eventId);
    if (search === null) return { isOn: false, described: 0, undescribed: 0 };
    const { faceSpace } = await description();
    // A newer net describes anew.
    if (search.space !== faceSpace()) await raceFaces.turnOn(this.#eventId, faceSpace(), Date.now());
    const [described, undescribed] = await Promise.all([
      raceFaces.count(this.#eventId),
      raceFaces.undescribed(this.#eventId).then(({ length }) => length),
    ]);
    return { isOn: true, described, undescribed };
  }
}

// eslint-disable-next-line svelte/prefer-svelte-reactivity -- Nothing is drawn from it; what is in it is reactive by itself.
const races = new Map<string, RaceFaces>();

/** @returns the same for each race: what it began goes on when its page is left. */
export function facesOf(eventId: string): RaceFaces {
  let faces = races.get(eventId);
  if (faces === undefined) {
    faces = new RaceFaces(eventId);
    races.set(eventId, faces);
  }
  return faces;
}
