/** @file The fitted numbers of fusion, read from `calibration.json` (written by `tests/evaluate/calibrate.ts`; docs/fusion.md). Pure; any thread. */
import { z } from 'zod';
import fitted from './calibration.json' with { type: 'json' };

const certaintySchema = z.strictObject({ sure: z.number().min(0).max(1), likely: z.number().min(0).max(1) });

const spaceCalibrationSchema = z.strictObject({
  /** [Note: Look score] cosine + colour × similarity of colour, per gallery photo; a product's is its best photo's. */
  look: z.strictObject({
    colour: z.number().nonnegative(),
    typicalColour: z.number().min(0).max(1),
  }),
  /** [Note: Choice model] Utilities of a conditional logit whose alternatives are the products in the gallery and "none of them". */
  choice: z.strictObject({
    /** Per unit of look score. */
    look: z.number().positive(),
    /** Local features agree fully (see `verificationStrength`). */
    verified: z.number().nonnegative(),
    /** The words of its gallery photos stand in the photo too (`photo-words.ts`). */
    words: z.number().nonnegative(),
    /** Utility of "none of the products in the gallery". */
    none: z.number(),
  }),
  /** Least probability of the first candidate to be called so. */
  certainty: certaintySchema,
  /** The same for facings on a shelf: boxed tightly, seen from the front, compared with pack shots ([Note: Facing score]). */
  facing: z.strictObject({
    score: z.strictObject({
      colour: z.number().nonnegative(),
      typicalColour: z.number().min(0).max(1),
      layout: z.number().nonnegative(),
      typicalLayout: z.number().min(-1).max(1),
      aspect: z.number().nonnegative(),
    }),
    choice: z.strictObject({ score: z.number().positive(), none: z.number() }),
    certainty: certaintySchema,
  }),
});

/** Numbers that hold for one embedding space. */
export type SpaceCalibration = z.infer<typeof spaceCalibrationSchema>;

/** The whole file. `fit` says on what the numbers rest. */
export const calibrationSchema = z.strictObject({
  spaces: z.record(z.string(), spaceCalibrationSchema),
  /** For spaces that nobody calibrated: never sure by looks alone. */
  unknownSpace: spaceCalibrationSchema,
  fit: z.strictObject({
    command: z.string(),
    dataset: z.string(),
    queries: z.number().int(),
    figures: z.record(z.string(), z.number()),
  }),
});
export type CalibrationFile = z.infer<typeof calibrationSchema>;

const calibration = calibrationSchema.parse(fitted);

/** @param space `<model id>@<version>`. */
export function calibrationOf(space: string | null): SpaceCalibration {
  return (space === null ? undefined : calibration.spaces[space]) ?? calibration.unknownSpace;
}
