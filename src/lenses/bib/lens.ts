/** @file The bib lens: a photographer's photos of a race, and which runner is in each. Thread: page. */
import type { LensSpec } from '../../contracts/lens.ts';

export const BIB_LENS: LensSpec = {
  id: 'bib',
  title: 'lens_bib_title',
  summary: 'lens_bib_summary',
  icon: 'medal',
  stages: { barcode: false, read: false, embed: false, verify: false, judge: false },
  models: ['bib-detector', 'bib-reader', 'ppocr-recognition'],
  egress: ['gallery', 'thumbnail'],
};
