/** @file What the race worker offers: whatever looks at a whole race, so that the page of 10,000 photos never waits for it. */
import type { Box } from './geometry.ts';
import type { DeliverySummary, RaceTableWords, RunnerChoice, SightingChoice } from './race-delivery.ts';
import type { BibCandidate, CameraProposal, Entrant } from './race.ts';
import type { CallOptions, TaskOptions } from './task.ts';

/** Who is to get what. */
export interface DeliveryQuestion {
  readonly eventId: string;
  /** The same race as with the last question that had the same: it is not read again. */
  readonly token: string;
  readonly choice: RunnerChoice;
}

/** A number as a list of runners shows it. */
export interface RunnerRow {
  readonly bib: string;
  /** None: not on the list; more than one: two runners hold it. */
  readonly entrants: readonly Entrant[];
  /** Photos that show it. */
  readonly photos: number;
  /** What to show first; null: nothing yet. */
  readonly cover: RunnerCover | null;
}

/** A runner in one photo. */
export interface RunnerCover {
  readonly photoId: string;
  /** The body; null: only a number was found. */
  readonly box: Box | null;
  /** Width over height of the photo. */
  readonly aspect: number;
}

/** What came of comparing the cameras of a race. */
export interface Recognised {
  /** Runners without a number whose number is proposed now. */
  readonly proposed: number;
  /** Photos whose answers changed. */
  readonly changed: number;
}

/** Methods throw `AppError('invalid-input' | 'quota-exceeded' | 'bug')`; `invalid-input` where the race is gone. */
export interface RaceDeskApi {
  /** @returns the race and its parts as a file, as they are at one moment. */
  exportRace(eventId: string, nowMs: number, options: TaskOptions): Promise<Blob>;
  /** @returns id of the race that the file holds, and that is on this device now. */
  importRace(file: Blob, options: TaskOptions): Promise<string>;
  /** @param certainty which photos count. @returns in the order of `bibs`. */
  runners(eventId: string, bibs: readonly string[], certainty: SightingChoice['certainty'], options: TaskOptions): Promise<RunnerRow[]>;
  /** How much there is to deliver. */
  summary(question: DeliveryQuestion, options: TaskOptions): Promise<DeliverySummary>;
  /** @returns a CSV file. */
  table(question: DeliveryQuestion, words: RaceTableWords, withNames: boolean, options: TaskOptions): Promise<Blob>;
  /** Cameras whose clocks seem wrong. */
  clocks(eventId: string, options: TaskOptions): Promise<CameraProposal[]>;
  /** Propose numbers to runners who show none, by body, clothes and time. What was proposed before and does not hold any more is taken back. */
  recognise(eventId: string, options: TaskOptions): Promise<Recognised>;
  /**
   * Weigh numbers that a print may show by who is expected at that time, or passes. The first question about a race reads all of it; it is read again
   * with the next {@link recognise}. @param atMs when the photo was taken, clock corrected. @returns most likely first
   */
  weigh(
    eventId: string,
    cameraId: string,
    atMs: number,
    candidates: readonly BibCandidate[],
    options: TaskOptions,
  ): Promise<BibCandidate[]>;
  ping(): Promise<'pong'>;
}

/** {@link RaceDeskApi} for callers. */
export interface RaceDeskService {
  exportRace(eventId: string, nowMs: number, options?: CallOptions): Promise<Blob>;
  importRace(file: Blob, options?: CallOptions): Promise<string>;
  runners(eventId: string, bibs: readonly string[], certainty: SightingChoice['certainty'], options?: CallOptions): Promise<RunnerRow[]>;
  summary(question: DeliveryQuestion, options?: CallOptions): Promise<DeliverySummary>;
  table(question: DeliveryQuestion, words: RaceTableWords, withNames: boolean, options?: CallOptions): Promise<Blob>;
  clocks(eventId: string, options?: CallOptions): Promise<CameraProposal[]>;
  recognise(eventId: string, options?: CallOptions): Promise<Recognised>;
  weigh(
    eventId: string,
    cameraId: string,
    atMs: number,
    candidates: readonly BibCandidate[],
    options?: CallOptions,
  ): Promise<BibCandidate[]>;
}
