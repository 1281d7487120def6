/** @file A labelled folder in the project's evaluation format (docs/evaluate.md). */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { AppError } from '../../src/contracts/errors.ts';

/** `[x, y, width, height]`, pixels of the image. */
const pixelBox = z.tuple([z.number(), z.number(), z.number(), z.number()]);

const itemSchema = z.looseObject({
  file: z.string(),
  label: z.union([z.string(), z.null()]).optional(),
  role: z.enum(['gallery', 'query']).optional(),
  coarse: z.string().optional(),
  variant: z.string().optional(),
  text: z.string().optional(),
  ingredients_part: z.string().optional(),
  additives_part: z.string().optional(),
  allergens_declared: z.array(z.string()).optional(),
  /** `[x, y, width, height]` of each word, pixels of the image. */
  words: z.array(z.tuple([z.number(), z.number(), z.number(), z.number()])).optional(),
  /** Numbers that stand in a photo of kind `numbers`. */
  numbers: z.array(z.string()).optional(),
  width: z.number().positive().optional(),
  height: z.number().positive().optional(),
  /** Boxes of kind `shelf` or `detection`; a folder of boxes alone has neither rows nor labels that mean products. */
  boxes: z
    .array(
      z.looseObject({
        bbox: pixelBox,
        label: z.string().optional(),
        row: z.number().int().optional(),
        position: z.number().int().optional(),
        /** In a stack, from 0 for the lowest. */
        level: z.number().int().optional(),
      }),
    )
    .optional(),
  gaps: z
    .array(
      z.looseObject({
        bbox: pixelBox,
        row: z.number().int().optional(),
        position: z.number().int().optional(),
        label: z.string().optional(),
      }),
    )
    .optional(),
  /** Blocks of one product in view; `facings` are columns, gaps counted. */
  planogram: z
    .array(
      z.looseObject({ row: z.number().int(), label: z.string(), first_position: z.number().int(), facings: z.number().int().positive() }),
    )
    .optional(),
});
export type DatasetItem = z.infer<typeof itemSchema>;

const datasetSchema = z.looseObject({
  task: z.string(),
  kind: z.string(),
  items: z.array(itemSchema).min(1),
  /** Of kind `verification`: files of two items, and whether they show one person. */
  pairs: z.array(z.looseObject({ a: z.string(), b: z.string(), same: z.boolean() })).optional(),
  /** One pack shot per product of kind `shelf`. */
  sku_gallery: z.array(z.looseObject({ label: z.string(), file: z.string(), width_cm: z.number().positive().optional() })).optional(),
});
export type Dataset = z.infer<typeof datasetSchema> & { readonly folder: string };

/**
 * @param folder holds `ground_truth.json`.
 * @throws AppError('invalid-input') with what is wrong, for a missing folder or another format.
 */
export async function readDataset(folder: string): Promise<Dataset> {
  const path = join(resolve(folder), 'ground_truth.json');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new AppError('invalid-input', `No ground_truth.json in ${folder}`, { cause: error });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new AppError('invalid-input', `${path} is not JSON`, { cause: error });
  }
  const parsed = datasetSchema.safeParse(json);
  if (!parsed.success) throw new AppError('invalid-input', `${path}: ${z.prettifyError(parsed.error)}`);
  return { ...parsed.data, folder: resolve(folder) };
}
