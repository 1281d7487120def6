/** @file Which product a SKU is, how many of a list are known by sight, and where tags are read. */
import { expect, it } from 'vitest';
import type { PlanogramRow } from '../../../src/contracts/shelf.ts';
import { productOfSku } from '../../../src/core/shelf/product-of-sku.ts';
import { skuCoverage } from '../../../src/core/shelf/sku-coverage.ts';

const PRODUCTS = [
  { id: 'corner/4711', gtins: ['04901234567894'] },
  { id: 'corner/12', gtins: [] },
  { id: 'other/12', gtins: [] },
];

it('knows a SKU by id, barcode number or article number, and does not guess between two', () => {
  const productOf = productOfSku(PRODUCTS);
  expect(productOf('corner/12')).toBe('corner/12');
  expect(productOf('4901234567894')).toBe('corner/4711');
  expect(productOf('49-0123456-7894')).toBe('corner/4711');
  expect(productOf('4711')).toBe('corner/4711');
  expect(productOf('12')).toBeNull();
  expect(productOf('')).toBeNull();
});

it('counts each listed SKU once', () => {
  const rows = ['4711', '4901234567894', '4711', 'unknown', 'corner/12'].map((sku) => ({ sku }) as PlanogramRow);
  expect(skuCoverage([{ rows }], PRODUCTS, new Set(['corner/4711']))).toEqual({ listed: 4, withPhotos: 2 });
  expect(skuCoverage([], PRODUCTS, new Set())).toEqual({ listed: 0, withPhotos: 0 });
});
