/** @file Texts of photos whose data set has none, copied by hand: `transcripts/<task>.json`. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { AppError } from '../../src/contracts/errors.ts';
import type { Dataset } from './dataset.ts';

const transcriptsSchema = z.strictObject({ note: z.string(), items: z.record(z.string(), z.string().min(1)) });

/**
 * @returns the data set with the items that have a text, their own or ours; others are left out.
 * @throws AppError('invalid-input') when nobody wrote any text down.
 */
export async function withTranscripts(dataset: Dataset): Promise<Dataset> {
  if (dataset.items.every(({ text }) => text !== undefined)) return dataset;
  const texts = await transcriptsOf(dataset.task);
  const items = dataset.items.flatMap((item) => {
    const text = item.text ?? texts[item.file];
    return text === undefined ? [] : [{ ...item, text }];
  });
  if (items.length === 0) throw new AppError('invalid-input', `No item of ${dataset.task} has a text`);
  return { ...dataset, items };
}

async function transcriptsOf(task: string): Promise<Readonly<Record<string, string>>> {
  // A task's name comes out of the data set: it must not lead out of the folder.
  if (!/^\w+$/u.test(task)) return {};
  let text: string;
  try {
    text = await readFile(new URL(`transcripts/${task}.json`, import.meta.url), 'utf8');
  } catch {
    return {};
  }
  return transcriptsSchema.parse(JSON.parse(text)).items;
}
