/** @file Kind `text_lines`: text detection against the boxes of words. How the words are read is kind `ocr_text` over the same folder. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../src/contracts/errors.ts';
import { MAX_FRAME_SIDE_PX } from '../../src/contracts/media.ts';
import type { Runtime } from '../../src/contracts/runtime.ts';
import { detectText } from '../../workers/stages/text-detection.ts';
import type { Dataset } from './dataset.ts';
import { coverage } from './region-metrics.ts';
import { progressLine, type ItemReport, type KindReport } from './report.ts';

/**
 * @returns `word_recall`: words that the detector covers; `region_precision`: regions that lie on words.
 * @throws AppError('invalid-input') for items without `words`.
 */
export async function runTextLines(dataset: Dataset, runtime: Runtime): Promise<KindReport> {
  const progress = progressLine('detect', dataset.items.length);
  const items: ItemReport[] = [];
  const total = { words: 0, found: 0, regions: 0, trueRegions: 0 };
  for (const { file, words } of dataset.items) {
    if (words === undefined) throw new AppError('invalid-input', `${file} has no words`);
    const startedAtMs = performance.now();
    const { frame } = await runtime.decode(new Blob([await readFile(join(dataset.folder, file))]), MAX_FRAME_SIDE_PX);
    const regions = (await detectText(frame, runtime)).map(({ corners }) => corners);
    const { found, trueRegions } = coverage(words, regions);
    items.push({ file, expected: words.length, got: { found, regions: regions.length, trueRegions }, ms: performance.now() - startedAtMs });
    total.words += words.length;
    total.found += found;
    total.regions += regions.length;
    total.trueRegions += trueRegions;
    progress(items.length);
  }
  return {
    metrics: {
      word_recall: total.found / Math.max(1, total.words),
      words: total.words,
      region_precision: total.trueRegions / Math.max(1, total.regions),
      regions: total.regions,
    },
    items,
  };
}
