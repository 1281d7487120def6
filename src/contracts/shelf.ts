/**
 * @file A bay of a shelf as data: what the detector finds, what stands where, and what a planogram expects. Thread: any.
 * Rows count from the top, positions from the left, levels of a stack from the lowest, all from 0.
 */
import { z } from 'zod';
import type { StageState } from './analysis.ts';
import type { AppError } from './errors.ts';
import type { Box, Point } from './geometry.ts';
import type { OpenedFrame } from './media.ts';
import type { Certainty } from './product.ts';
import type { Backend, Look, Match, PackVerification, ProductWords } from './results.ts';
import type { Progress, Stage } from './task.ts';

/** One front facing, or one empty place, as the net finds it. */
export interface ShelfDetection {
  readonly box: Box;
  /** 0..1. */
  readonly confidence01: number;
}

/** What one photo of a shelf shows, before anything is named. */
export interface ShelfDetections {
  /** Confidence descending. */
  readonly facings: readonly ShelfDetection[];
  /** Places where a facing is missing; confidence descending. */
  readonly gaps: readonly ShelfDetection[];
}

/** A product that a facing may be. */
export interface FacingCandidate {
  readonly productId: string;
  readonly probability01: number;
}

/** What a facing is. */
export interface FacingIdentity {
  /** Best candidate; null when nothing in the gallery looks like it. Shown as the answer only when `certainty` is not `not-sure`. */
  readonly productId: string | null;
  readonly probability01: number;
  readonly certainty: Certainty;
  /** Probability descending, at most 5. */
  readonly candidates: readonly FacingCandidate[];
  /** Unknown facings that look alike share a group, so that one tap names them all; null for those that are known. */
  readonly groupId: string | null;
  /** Who says so: its own look, the words read on it, a server that was asked, its neighbours' support, or the user. */
  readonly saidBy: 'look' | 'words' | 'server' | 'neighbours' | 'user';
}

/** One facing of a photo. */
export interface Facing {
  readonly id: string;
  readonly box: Box;
  readonly confidence01: number;
  /** Null until it was looked at. */
  readonly identity: FacingIdentity | null;
  /** Drawn, moved or split by the user: detection may not touch it any more. */
  readonly isEdited: boolean;
}

/** Front edge of a board, left to right; 0..1 of the frame. */
export interface ShelfRail {
  readonly from: Point;
  readonly to: Point;
}

/** Where a facing stands. */
export interface Placement {
  readonly facingId: string;
  readonly row: number;
  /** Column, counted over facings and gaps of the row. */
  readonly position: number;
  readonly level: number;
  /** Neighbouring columns of one product form a block; index into {@link ShelfLayout.blocks}. */
  readonly block: number;
  /** 0..1: how clearly it belongs to its row. */
  readonly confidence01: number;
}

/** Neighbouring columns of one product (or of one group of unknowns) on one row. */
export interface ShelfBlock {
  readonly row: number;
  readonly firstPosition: number;
  /** Columns, gaps within the block counted. */
  readonly columns: number;
  readonly facingIds: readonly string[];
  readonly productId: string | null;
  readonly groupId: string | null;
  readonly box: Box;
}

/** Height at which a row stands, for a grown-up. */
export type EyeLevel = 'stretch' | 'eye' | 'touch' | 'stoop';

/** One row of the shelf. Where boards step at an upright there is one for each bay, with the same number; positions count on. */
export interface ShelfRow {
  readonly row: number;
  /** The board's front edge below the facings. */
  readonly rail: ShelfRail;
  readonly eyeLevel: EyeLevel;
  readonly columns: number;
}

/** An empty place. */
export interface ShelfGap {
  readonly id: string;
  readonly box: Box;
  readonly row: number;
  readonly position: number;
  readonly confidence01: number;
  /** Product of the block around it, or of the planogram; null when nothing says. */
  readonly expectedProductId: string | null;
  /** Seen by the net, or inferred from the row's spacing, or drawn by the user. */
  readonly saidBy: 'net' | 'spacing' | 'user';
  /** What the net's score was before the row had its say, 0..1; absent where it saw nothing. */
  readonly seen01?: number;
}

/** A price tag on a rail. */
export interface PriceTag {
  readonly id: string;
  readonly box: Box;
  readonly text: string;
  /** Price as printed, null when none could be read with certainty; tax included or not as the tag has it. */
  readonly price: number | null;
  /** Absent when the tag does not say. */
  readonly tax?: 'included' | 'excluded';
  /** ISO 4217; absent when only a number stands there. */
  readonly currency?: string;
  readonly confidence01: number;
  readonly row: number | null;
  /** Facings that it stands below. */
  readonly facingIds: readonly string[];
}

/** Rows, places and blocks of a photo's facings. */
export interface ShelfLayout {
  readonly rows: readonly ShelfRow[];
  readonly placements: readonly Placement[];
  readonly blocks: readonly ShelfBlock[];
  readonly gaps: readonly ShelfGap[];
}

/** What is known of one bay, from one photo or several merged; each update of an analysis is a new object. */
export interface ShelfReading {
  readonly facings: readonly Facing[];
  readonly layout: ShelfLayout;
  readonly tags: readonly PriceTag[];
}

/** A facing with what it looks like and what it was compared with, so that it can be named anew without its pixels. */
export interface FacingLook {
  readonly facingId: string;
  readonly look: Look;
  /** Gallery photos that look like it, fused look score descending. */
  readonly matches: readonly Match[];
  /** Keypoints against gallery photos; empty where none were compared. */
  readonly verifications: readonly PackVerification[];
  /** Products of `matches` that words on it speak for; absent: it was not read. */
  readonly words?: readonly ProductWords[];
}

/** What was found out about a facing after its photo was read. */
export interface FacingNews {
  readonly facingId: string;
  /** It was read. */
  readonly words?: readonly ProductWords[];
  /** A server was asked. */
  readonly serverMatches?: readonly Match[];
}

/** One shelf photo's way through the pipeline; each update is a new object. A failed stage does not stop the others. */
export interface ShelfAnalysis {
  /** Null until the photo is open. The handle is only good while the analysis runs, or afterwards with `keepFrame`. */
  readonly frame: OpenedFrame | null;
  /** Null until facings were sought: then all boxes at once, and names batch by batch. No facings: the photo shows no shelf. */
  readonly reading: ShelfReading | null;
  /** Of the facings looked at so far. */
  readonly looks: readonly FacingLook[];
  /** `decode`, `detect` (facings, gaps, rows), `embed` (looks and their search), `verify`, `match` (neighbours, groups), `read` (price tags). */
  readonly stages: Readonly<Partial<Record<Stage, StageState>>>;
  readonly errors: Readonly<Partial<Record<Stage, AppError>>>;
  readonly progress: Progress | null;
  /** Milliseconds per stage that ended. */
  readonly durationsMs: Readonly<Partial<Record<Stage, number>>>;
  /** Backend per model that answered. */
  readonly backends: Readonly<Record<string, Backend>>;
  /** Share of the rails whose price tags were read, 0..1: reading stops at its time limit. */
  readonly tagsRead01: number;
  readonly isComplete: boolean;
}

const positive = z.number().positive().max(100_000);

/** One product's place in a planogram. `shelf` counts rows from the top and `position` columns from the left, from 0. */
export const planogramRowSchema = z.strictObject({
  store: z.string().max(200).nullable(),
  bay: z.string().max(200).nullable(),
  shelf: z.number().int().min(0).max(99),
  position: z.number().int().min(0).max(999),
  sku: z.string().min(1).max(200),
  name: z.string().max(500),
  facingsWide: z.number().int().min(1).max(500),
  facingsHigh: z.number().int().min(1).max(50),
  xCm: z.number().nullable(),
  yCm: z.number().nullable(),
  widthCm: positive.nullable(),
  heightCm: positive.nullable(),
  brand: z.string().max(300).nullable(),
  category: z.string().max(300).nullable(),
  /** List price, in the currency of the shop. */
  price: z.number().nonnegative().nullable(),
  isOwnLabel: z.boolean().nullable(),
});
export type PlanogramRow = z.infer<typeof planogramRowSchema>;

/** What a bay should look like. Rows ordered by shelf, then position. */
export const planogramSchema = z.strictObject({
  id: z.string().min(1).max(100),
  name: z.string().max(300),
  rows: z.array(planogramRowSchema).max(20_000),
  source: z.enum(['csv', 'json', 'photo', 'user', 'pack']),
  updatedAtMs: z.number().int().nonnegative(),
});
export type Planogram = z.infer<typeof planogramSchema>;

/** Where something stands, or should. */
export interface ShelfPlace {
  readonly row: number;
  readonly position: number;
  readonly facings: number;
}

/** One way in which a bay differs from its planogram. */
export interface PlanogramDifference {
  readonly id: string;
  readonly kind: 'missing' | 'out-of-stock' | 'misplaced' | 'wrong-facings' | 'foreign';
  readonly sku: string;
  /** Name as the planogram or the catalogue has it. */
  readonly name: string;
  readonly expected: ShelfPlace | null;
  readonly found: ShelfPlace | null;
  /** Facings or gaps that show it. */
  readonly facingIds: readonly string[];
  readonly gapIds: readonly string[];
  /** 0..1: low where the facings concerned are not sure. */
  readonly confidence01: number;
}

/** A bay against its planogram. */
export interface Compliance {
  /** `rightFacings / expectedFacings`, 0..1. */
  readonly score01: number;
  /** Columns of the planogram that the photo decides on. */
  readonly expectedFacings: number;
  /** Those that stand where they should. */
  readonly rightFacings: number;
  /** Columns that it does not decide on: outside the photo, or held by something that nobody could name. Absent: none. */
  readonly undecidedFacings?: number;
  /** Products of the planogram that these columns belong to. Absent: none. */
  readonly undecidedPlaces?: readonly { readonly sku: string; readonly expected: ShelfPlace }[];
  /** In walking order: left to right, top to bottom. */
  readonly differences: readonly PlanogramDifference[];
}
