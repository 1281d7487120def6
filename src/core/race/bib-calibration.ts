/** @file The fitted numbers of bib decoding, read from `bib-calibration.json` (written by `tests/evaluate/calibrate-bibs.ts`). Pure; any thread. */
import { z } from 'zod';
import fitted from './bib-calibration.json' with { type: 'json' };

/** Logistic regression: log odds that the best candidate is right. */
const oddsSchema = z.strictObject({
  constant: z.number(),
  /** Per unit of the best candidate's own log odds among all hypotheses. */
  posterior: z.number(),
  /** Per unit of mean log likelihood of a character, which is 0 at best. */
  legible: z.number(),
  /** Per unit of log odds that nothing of the number is hidden. */
  whole: z.number(),
  /** Taken off for a number of which only a part is seen. */
  part: z.number(),
  /** Per unit of the logarithm of the bib's width over its height. */
  aspect: z.number(),
  /** Taken off per height of the number that it is off the bib's middle, two at most. */
  offCentre: z.number(),
  /** Least probability to be called so. */
  sure: z.number().min(0).max(1),
  check: z.number().min(0).max(1),
});

export const bibCalibrationSchema = z.strictObject({
  /** Version of the reader that the numbers were fitted for. */
  reader: z.string(),
  /**
   * Powers that likelihoods are raised to, since the steps of a net are less independent than CTC takes them for: the mean of the bib reader's looks
   * when nobody else read the line (`alone`), or else `bib` times that and `line` times the line reader's.
   */
  trust: z.strictObject({ alone: z.number().positive(), bib: z.number().nonnegative(), line: z.number().nonnegative() }),
  /** Chance that a bib's number is missing on the start list. */
  unlisted01: z.number().min(0).max(1),
  /** Share of a step's probability that goes to the digits that are mistaken for each other. */
  confusable01: z.number().min(0).max(1),
  /** `confusion[seen][meant]`: of digits read as `seen`, the share of those that were `meant`; rows sum up to 1, the diagonal is 0. */
  confusion: z.array(z.array(z.number().min(0).max(1)).length(10)).length(10),
  alone: oddsSchema,
  listed: oddsSchema,
  fit: z.strictObject({ command: z.string(), datasets: z.string(), bibs: z.number().int(), figures: z.record(z.string(), z.number()) }),
});
export type BibCalibration = z.infer<typeof bibCalibrationSchema>;
export type BibOdds = z.infer<typeof oddsSchema>;

export const BIB_CALIBRATION: BibCalibration = bibCalibrationSchema.parse(fitted);
