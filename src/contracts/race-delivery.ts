/** @file What photographer and runners get of a race: how pictures are changed, presets, what a delivery did. Thread: any. */
import { z } from 'zod';
import type { BibAnswer, RaceCamera } from './race.ts';

/** Largest logo that presets keep, as a data URL. */
const MAX_LOGO_LENGTH = 400_000;

const watermarkPlaceSchema = z.enum(['top-left', 'top-right', 'bottom-left', 'bottom-right', 'centre', 'tiled']);
const markShape = {
  place: watermarkPlaceSchema,
  opacity01: z.number().min(0.05).max(1),
  /** Height of a text, width of a logo, of the picture's shorter side. */
  size01: z.number().min(0.01).max(1),
};

/** What is drawn over a picture. */
export const watermarkSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('text'), text: z.string().trim().min(1).max(120), ...markShape }),
  z.strictObject({
    kind: z.literal('logo'),
    /** PNG, JPEG or WebP as a data URL. */
    picture: z
      .string()
      .max(MAX_LOGO_LENGTH)
      .regex(/^data:image\/(png|jpeg|webp);base64,[A-Za-z0-9+/=]+$/),
    ...markShape,
  }),
]);
export type Watermark = z.infer<typeof watermarkSchema>;

/** How a picture is made anew. The original is never touched. */
export const pictureChangeSchema = z.strictObject({
  /** Longest side; null: as it is. */
  maxSidePx: z.number().int().min(64).max(12_000).nullable(),
  quality01: z.number().min(0.3).max(1),
  watermark: watermarkSchema.nullable(),
});
export type PictureChange = z.infer<typeof pictureChangeSchema>;

/** What a delivery makes. */
export const DELIVERY_KINDS = ['csv', 'json', 'sidecars', 'folders', 'zips', 'zip', 'site'] as const;
export type DeliveryKind = (typeof DELIVERY_KINDS)[number];

/** What is delivered, and how it looks. */
export const deliveryPresetSchema = z.strictObject({
  id: z.string().min(1).max(60),
  name: z.string().trim().min(1).max(80),
  kind: z.enum(DELIVERY_KINDS),
  /** `sure`: only what is sure or was confirmed; `check`: also what nobody has looked at yet. */
  certainty: z.enum(['sure', 'check']),
  /** Names of runners in keywords, folder names and pages, beside their numbers. */
  withNames: z.boolean(),
  withDuplicates: z.boolean(),
  /** Photos less sharp than this are left out; those that were not measured stay. */
  minSharpness01: z.number().min(0).max(1),
  /** Of almost equal shots of a runner only the best. Presets kept before there was a choice have none. */
  onlyBest: z.boolean().default(false),
  /** See `core/race/file-names.ts`. Without an ending. */
  fileName: z.string().trim().min(1).max(200),
  /** Null: copies, byte for byte but for their metadata. */
  picture: pictureChangeSchema.nullable(),
  /** Numbers (and names) as IPTC and XMP keywords in the copies. */
  withKeywords: z.boolean(),
  removeGps: z.boolean(),
  /** What becomes of a sidecar that is there already. */
  existingSidecars: z.enum(['merge', 'keep']),
  /** Empty: the photographer of camera or source. */
  creator: z.string().trim().max(200),
  copyright: z.string().trim().max(300),
});
export type DeliveryPreset = z.infer<typeof deliveryPresetSchema>;

/** Sure photos as they are, a folder for each runner, with keywords, without names. */
export const DEFAULT_PRESET: DeliveryPreset = {
  ...{ id: 'folders', name: 'Folders', kind: 'folders', certainty: 'sure', withNames: false, withDuplicates: false },
  ...{ minSharpness01: 0, onlyBest: false },
  ...{ fileName: '{number}_{original}', picture: null, withKeywords: true, removeGps: false, existingSidecars: 'merge' },
  ...{ creator: '', copyright: '' },
};

/** One file that is not what was asked for. */
export interface DeliveryProblem {
  /** Below its source, or below the folder that was written to. */
  readonly path: string;
  /**
   * `gone`: not there any more, or changed since it was read; `unreadable`: cannot be decoded; `no-keywords`: written, but its kind takes
   * none (RAW, HEIC, damaged metadata); `renamed`: the name was taken by a file that is not ours; `not-written`: the folder refused it.
   */
  readonly reason: 'gone' | 'unreadable' | 'no-keywords' | 'renamed' | 'not-written';
}

/** While it runs. */
export interface DeliveryProgress {
  readonly done: number;
  readonly total: number;
  readonly problems: number;
}

/** What a delivery did. */
export interface DeliveryResult {
  /** Files written now. */
  readonly written: number;
  /** Files that were there from an earlier run. */
  readonly kept: number;
  readonly runners: number;
  readonly bytes: number;
  readonly problems: readonly DeliveryProblem[];
}

/** Which sightings count. */
export interface SightingChoice {
  /** `sure`: sure or said by the user; `check`: also numbers that nobody has looked at yet. */
  readonly certainty: 'sure' | 'check';
  readonly withDuplicates: boolean;
  readonly minSharpness01: number;
}

/** Who gets which photos. */
export interface RunnerChoice extends SightingChoice {
  /** Of almost equal shots of a runner only the best. */
  readonly onlyBest: boolean;
  /** Only these numbers; null: all. */
  readonly bibs: readonly string[] | null;
}

/** How much there is to deliver. */
export interface DeliverySummary {
  readonly runners: number;
  /** Pairs of runner and photo. */
  readonly pictures: number;
  readonly photos: number;
}

/** What a table of a race says, in the language of the screen. */
export interface RaceTableWords {
  readonly title: string;
  readonly number: string;
  readonly name: string;
  readonly category: string;
  readonly team: string;
  readonly wave: string;
  readonly file: string;
  readonly source: string;
  readonly photographer: string;
  readonly camera: string;
  readonly place: string;
  readonly time: string;
  readonly certainty: string;
  readonly probability: string;
  readonly saidBy: string;
  readonly certainties: Readonly<Record<BibAnswer['certainty'], string>>;
  readonly voices: Readonly<Record<BibAnswer['saidBy'], string>>;
  readonly places: Readonly<Record<RaceCamera['place'], string>>;
}
