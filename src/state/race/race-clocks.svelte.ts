/** @file Cameras whose clocks seem wrong, told by runners that two of them saw: proposed, followed, taken back. Thread: page. */
import { SvelteSet } from 'svelte/reactivity';
import type { CameraProposal, RaceCamera } from '../../contracts/race.ts';
import { raceDesk } from '../../flow/race-desk.ts';

/** A correction that was made, and can be taken back. */
export interface ClockChange {
  readonly cameraId: string;
  readonly beforeMs: number;
  readonly afterMs: number;
}

/** The clocks of one race. */
export class RaceClocks {
  readonly #eventId: string;
  readonly #save: (camera: RaceCamera) => Promise<void>;
  #found = $state.raw<readonly CameraProposal[]>([]);
  #last = $state.raw<ClockChange | null>(null);
  readonly #declined = new SvelteSet<string>();
  #questions = 0;

  /** @param save keeps a camera; times of its photos follow. */
  constructor(eventId: string, save: (camera: RaceCamera) => Promise<void>) {
    this.#eventId = eventId;
    this.#save = save;
  }

  /** What nobody has answered yet. */
  get proposals(): readonly CameraProposal[] {
    return this.#found.filter((proposal) => !this.#declined.has(nameOf(proposal)));
  }

  /** The last correction that was followed on this page; null: none, or it was taken back. */
  get last(): ClockChange | null {
    return this.#last;
  }

  /** Look again. @param cameras of the race */
  async load(cameras: readonly RaceCamera[]): Promise<void> {
    this.#questions += 1;
    const question = this.#questions;
    const found = cameras.length > 1 ? await raceDesk().clocks(this.#eventId) : [];
    if (question === this.#questions) this.#found = found;
  }

  /**
   * Set a clock as it is proposed: of the camera that seems wrong, or of the other one.
   * @throws AppError('invalid-input' | 'quota-exceeded')
   */
  async follow(proposal: CameraProposal, wrong: RaceCamera): Promise<void> {
    const sign = wrong.id === proposal.cameraId ? 1 : -1;
    await this.#set(wrong, wrong.clockOffsetMs + sign * proposal.offsetMs);
  }

  /** Take the last correction back. @throws AppError('invalid-input' | 'quota-exceeded') */
  async undo(cameras: readonly RaceCamera[]): Promise<void> {
    const camera = cameras.find(({ id }) => id === this.#last?.cameraId);
    if (this.#last === null || camera === undefined) return;
    await this.#save({ ...camera, clockOffsetMs: this.#last.beforeMs });
    this.#last = null;
  }

  /** Not proposed again as long as the page lives. */
  decline(proposal: CameraProposal): void {
    this.#declined.add(nameOf(proposal));
  }

  async #set(camera: RaceCamera, afterMs: number): Promise<void> {
    await this.#save({ ...camera, clockOffsetMs: afterMs });
    this.#last = { cameraId: camera.id, beforeMs: camera.clockOffsetMs, afterMs };
  }
}

function nameOf({ cameraId, otherId }: CameraProposal): string {
  return `${cameraId} ${otherId}`;
}
