/** @file Texts copied by hand take the place of those that a data set lacks; models can be left out. */
import { expect, it } from 'vitest';
import type { Dataset } from '../../evaluate/dataset.ts';
import { withTranscripts } from '../../evaluate/transcripts.ts';
import { withoutModels } from '../../evaluate/without-models.ts';
import type { VisionRuntime } from '../../../workers/stages/vision.ts';

const photos = ['images/ingredients_en.jpg', 'images/front_en.jpg'].map((file) => ({ file, label: null }));
const dataset: Dataset = { task: 'food_label_unlabelled', kind: 'ocr_text', folder: '/nowhere', items: photos };

it('keeps the photos that somebody copied, with their text', async () => {
  const { items } = await withTranscripts(dataset);
  expect(items.map(({ file }) => file)).toEqual(['images/ingredients_en.jpg']);
  expect(items[0]!.text).toContain('Partially inverted sugar syrup');
});

it("leaves a data set's own texts alone", async () => {
  const own = { ...dataset, items: [{ file: 'images/ingredients_en.jpg', text: 'its own' }] };
  expect(await withTranscripts(own)).toBe(own);
});

it('says so when nobody copied anything, and does not look outside its folder', async () => {
  await expect(withTranscripts({ ...dataset, task: 'unheard_of' })).rejects.toMatchObject({ code: 'invalid-input' });
  await expect(withTranscripts({ ...dataset, task: '../transcripts/food_label_unlabelled' })).rejects.toMatchObject({
    code: 'invalid-input',
  });
});

it('refuses the models that were left out, and only those', async () => {
  const open = (id: string): Promise<never> => Promise.resolve(id as never);
  const runtime = withoutModels({ ort: open, tfjs: open, tesseract: open } as unknown as VisionRuntime, ['japanese-text']);
  await expect(runtime.ort('japanese-text')).rejects.toMatchObject({ code: 'model-unavailable', retryable: false });
  await expect(runtime.ort('ppocr-recognition')).resolves.toBe('ppocr-recognition');
  await expect(runtime.tesseract('tesseract-jpn')).resolves.toBe('tesseract-jpn');
});
