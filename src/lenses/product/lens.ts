/** @file The product lens: barcode, look and printed text are fused into one product, whose contents are judged. Thread: page. */
import type { LensSpec } from '../../contracts/lens.ts';

export const PRODUCT_LENS: LensSpec = {
  id: 'product',
  title: 'lens_product_title',
  summary: 'lens_product_summary',
  icon: 'scan-search',
  stages: { barcode: true, read: 'auto', embed: 'product-embedding', verify: true, judge: true },
  models: ['zxing', 'product-embedding', 'ppocr-detection', 'ppocr-recognition', 'tesseract-jpn', 'opencv'],
  egress: ['vector', 'text'],
};
