/** @file The label lens: the verdict alone, from a photo of an ingredient label. Thread: page. */
import type { LensSpec } from '../../contracts/lens.ts';

export const LABEL_LENS: LensSpec = {
  id: 'label',
  title: 'lens_label_title',
  summary: 'lens_label_summary',
  icon: 'scan-text',
  stages: { barcode: false, read: 'auto', embed: false, verify: false, judge: true },
  models: ['ppocr-detection', 'ppocr-recognition', 'tesseract-jpn'],
  egress: [],
};
