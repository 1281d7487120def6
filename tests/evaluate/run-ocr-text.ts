/** @file Kind `ocr_text`: the label lens' reader over photos of labels. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../src/contracts/errors.ts';
import { parseLabel } from '../../src/core/dietary/parse-label.ts';
import { allergenIdOf } from './allergen-id.ts';
import type { Dataset } from './dataset.ts';
import type { NodePipeline } from './node-pipeline.ts';
import { evaluateOcrText, type OcrTextItem } from './ocr-text.ts';
import { progressLine, type KindReport } from './report.ts';

/** @throws AppError('invalid-input') for an item without `text`. */
export async function runOcrText(dataset: Dataset, { vision }: NodePipeline): Promise<KindReport> {
  const items = dataset.items.map((item): OcrTextItem => {
    if (item.text === undefined) throw new AppError('invalid-input', `${item.file} has no text`);
    return { ...item, text: item.text };
  });
  const progress = progressLine('read', items.length);
  let done = 0;
  const read = async ({ file }: OcrTextItem): Promise<string> => {
    const { frameId } = await vision.open(new Blob([await readFile(join(dataset.folder, file))]));
    try {
      return (await vision.readText(frameId, { script: 'auto' })).text;
    } finally {
      await vision.close(frameId);
      progress((done += 1));
    }
  };
  const { results, metrics } = await evaluateOcrText(items, read, parseLabel, allergenIdOf);
  const { counts, cerMedian, cerUnfolded, ...named } = metrics;
  return {
    metrics: { ...named, cer_median: cerMedian, cer_unfolded: cerUnfolded, allergens: counts.allergens, slashes: counts.slashes },
    items: results,
  };
}
