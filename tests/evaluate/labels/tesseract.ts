/**
 * @file The same labels and figures for tesseract alone (`jpn`), to compare the project's reader with.
 *
 *     node --import tsx tests/evaluate/labels/tesseract.ts --data <folder> [--count 40] [--mode 4]
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createNodeRuntime } from '../../../server/runtime/node-runtime.ts';
import { toGrey } from '../../../src/core/tensor-layout.ts';
import { parseLabel } from '../../../src/core/dietary/parse-label.ts';
import { allergenIdOf } from '../allergen-id.ts';
import { readDataset } from '../dataset.ts';
import { evaluateOcrText, type OcrTextItem } from '../ocr-text.ts';

const { values } = parseArgs({
  options: { data: { type: 'string' }, count: { type: 'string', default: '40' }, mode: { type: 'string', default: '4' } },
});
if (values.data === undefined) {
  console.error('usage: tesseract.ts --data <folder> [--count 40] [--mode 4]');
  process.exit(2);
}
const { folder, items } = await readDataset(values.data);
const runtime = createNodeRuntime();
const model = await runtime.tesseract('tesseract-jpn');
const labels = items.slice(0, Number(values.count)).map((item): OcrTextItem => ({ ...item, text: item.text ?? '' }));
const { metrics } = await evaluateOcrText(
  labels,
  async ({ file }) => {
    const { frame } = await runtime.decode(new Blob([await readFile(join(folder, file))]), 4096);
    const lines = await model.recognise({ widthPx: frame.widthPx, heightPx: frame.heightPx, data: toGrey(frame) }, Number(values.mode));
    return lines.map(({ text }) => text).join('\n');
  },
  parseLabel,
  allergenIdOf,
);
console.log(JSON.stringify(metrics, null, 1));
