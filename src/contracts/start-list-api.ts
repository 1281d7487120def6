/** @file What the start-list worker offers: a list of 50,000 is read, checked, kept and asked for numbers without the page noticing. */
import type { BibAnswer, BibFormat, BibScores, Entrant } from './race.ts';
import type { CallOptions, TaskOptions } from './task.ts';

/** Columns that a start list can have. */
export const START_LIST_FIELDS = ['bib', 'name', 'familyName', 'givenName', 'category', 'team', 'wave'] as const;
export type StartListField = (typeof START_LIST_FIELDS)[number];

/** Index of the column per field; fields that no column holds are absent. */
export type StartListMapping = Readonly<Partial<Record<StartListField, number>>>;

/** Encodings that a list may be in. */
export type StartListEncoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'shift_jis' | 'euc-jp' | 'windows-1252';

/** Closed set; every code has its sentence in the messages. */
export type StartListProblemCode =
  | 'not-text'
  | 'not-a-table'
  | 'no-rows'
  | 'too-many-rows'
  | 'missing-column'
  | 'missing-bib'
  | 'bad-bib'
  | 'outside-format'
  | 'duplicate-bib'
  | 'repeated-row'
  | 'empty-line'
  | 'too-long';

/** One fault, and where it is. */
export interface StartListProblem {
  readonly code: StartListProblemCode;
  /** Line of the file, from 1; null when it concerns the whole file. */
  readonly line: number | null;
  readonly field: StartListField | null;
  /** What stands there, at most 80 characters. */
  readonly value: string;
  /** `file`: nothing can be used; `row`: the row is left out; `note`: the row is used all the same. */
  readonly severity: 'file' | 'row' | 'note';
}

/** An entrant as a list says it. */
export type ListedEntrant = Omit<Entrant, 'id' | 'eventId'>;

/** How a file is to be understood; whatever is absent is guessed. */
export interface StartListInput {
  readonly file: Blob;
  /** The same file has the same: it is not taken apart again. */
  readonly token: string;
  readonly encoding?: StartListEncoding;
  /** Of a workbook. */
  readonly sheet?: string;
  readonly mapping?: StartListMapping;
  /** That numbers are checked against; null: what the list itself proposes. */
  readonly format: BibFormat | null;
}

/** What a file says, as far as a screen shows it. */
export interface StartListCheck {
  /** Of a text file; null: a workbook, or nothing could be read. */
  readonly encoding: StartListEncoding | null;
  /** Of a workbook; empty: it is none. */
  readonly sheets: readonly string[];
  readonly sheet: string | null;
  readonly header: readonly string[];
  readonly mapping: StartListMapping;
  /** The first ones. */
  readonly preview: readonly ListedEntrant[];
  readonly entrants: number;
  /** The first ones, in the order of the file. */
  readonly problems: readonly StartListProblem[];
  /** How many there are of each severity. */
  readonly problemCounts: Readonly<Record<StartListProblem['severity'], number>>;
  /** What the numbers of the list look like. */
  readonly proposed: BibFormat;
}

/** Which numbers a race has. The start lists themselves are read from this device's database. */
export interface RaceNumberSource {
  /** Format and lists are the same as long as it is. */
  readonly version: string;
  readonly format: BibFormat;
  /** Whose start lists count. */
  readonly eventIds: readonly string[];
}

/** Methods throw `AppError('invalid-input' | 'cancelled' | 'quota-exceeded' | 'bug')`. */
export interface StartListApi {
  check(input: StartListInput, options: TaskOptions): Promise<StartListCheck>;
  /** The list of the event becomes this one; all or nothing. @returns how many start */
  save(input: StartListInput, eventId: string, options: TaskOptions): Promise<number>;
  /** @param scores of the bibs of one photo, see `decodeBibs`. @returns in their order */
  decode(source: RaceNumberSource, scores: readonly (BibScores | null)[], options: TaskOptions): Promise<BibAnswer[]>;
  cancel(taskId: string): Promise<void>;
  ping(): Promise<'pong'>;
}

/** {@link StartListApi} for callers. */
export interface StartListService {
  check(input: StartListInput, options?: CallOptions): Promise<StartListCheck>;
  save(input: StartListInput, eventId: string, options?: CallOptions): Promise<number>;
  decode(source: RaceNumberSource, scores: readonly (BibScores | null)[], options?: CallOptions): Promise<BibAnswer[]>;
}
