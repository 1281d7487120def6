/** @file The shelf lens: a photo of a bay becomes shelf data while the auditor still stands in the aisle. Thread: page. */
import type { LensSpec } from '../../contracts/lens.ts';

export const SHELF_LENS: LensSpec = {
  id: 'shelf',
  title: 'lens_shelf_title',
  summary: 'lens_shelf_summary',
  icon: 'store',
  stages: { barcode: false, read: false, embed: 'product-embedding', verify: true, judge: false },
  models: ['facing-detector', 'product-embedding', 'ppocr-detection', 'ppocr-recognition'],
  egress: ['vector', 'report'],
};
