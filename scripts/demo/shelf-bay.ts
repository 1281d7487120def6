/** @file The demo's shelf: four boards of invented products, one place empty, one product where another should stand; and its planogram. */
import { planogramRowSchema, type PlanogramRow } from '../../src/contracts/shelf.ts';
import { DEMO_PRODUCTS, type DemoProduct } from './demo-products.ts';
import { seededRandom } from './seeded-random.ts';
import type { Placement, Vector } from './solids.ts';

/** A board with its front edge; millimetres, `at` is the middle of the edge's upper line. */
export interface Board {
  readonly at: Vector;
  readonly widthMm: number;
  readonly depthMm: number;
  readonly thickMm: number;
}

/** A price tag on the edge of a board. */
export interface Tag {
  readonly at: Vector;
  readonly name: string;
  readonly price: number;
}

type ShelfPack = Placement & { readonly productId: string };

export interface ShelfBay {
  readonly packs: readonly ShelfPack[];
  readonly boards: readonly Board[];
  readonly tags: readonly Tag[];
}

interface Block {
  readonly id: string;
  readonly wide: number;
  readonly high?: number;
  /** Columns that are empty, from 0. */
  readonly empty?: readonly number[];
}

const WIDTH_MM = 1100;
const DEPTH_MM = 330;
const EDGE_MM = 36;
/** Upper sides of the boards, from the top. */
const LEVELS_MM = [830, 580, 328, 60] as const;

/** What the photo shows, from the top. */
const STANDING: readonly (readonly Block[])[] = [
  [
    { id: 'kazanetei-chips-consomme', wide: 3 },
    { id: 'kazanetei-chips-usushio', wide: 2 },
    { id: 'kazanetei-chips-norishio', wide: 2 },
  ],
  [
    { id: 'tsumugino-butter-cookies', wide: 2 },
    { id: 'larkfen-ginger-oat-biscuits', wide: 3 },
    { id: 'minamori-bitter-chocolate', wide: 2 },
    { id: 'minamori-milk-chocolate', wide: 2 },
    { id: 'tsumugino-peanut-wafers', wide: 1 },
  ],
  [
    { id: 'hoshisumi-tonkotsu-cup', wide: 3 },
    { id: 'hoshisumi-shoyu-cup', wide: 3, empty: [1] },
    { id: 'hoshisumi-seafood-cup', wide: 2 },
    { id: 'naginowa-beef-curry', wide: 1 },
    { id: 'naginowa-soy-keema-curry', wide: 1 },
  ],
  [
    { id: 'morihibari-green-tea', wide: 4 },
    { id: 'morihibari-soy-milk', wide: 4 },
    { id: 'morihibari-cafe-au-lait', wide: 5 },
    { id: 'naginowa-tuna-can', wide: 3, high: 3 },
  ],
];

/** What should stand there. */
const PLANNED: readonly (readonly Block[])[] = [
  STANDING[0]!,
  [
    { id: 'tsumugino-butter-cookies', wide: 2 },
    { id: 'larkfen-ginger-oat-biscuits', wide: 3 },
    { id: 'minamori-milk-chocolate', wide: 2 },
    { id: 'minamori-bitter-chocolate', wide: 2 },
    { id: 'tsumugino-peanut-wafers', wide: 1 },
  ],
  [
    { id: 'hoshisumi-tonkotsu-cup', wide: 3 },
    { id: 'hoshisumi-shoyu-cup', wide: 3 },
    { id: 'hoshisumi-seafood-cup', wide: 2 },
    { id: 'naginowa-beef-curry', wide: 1 },
    { id: 'hoshisumi-clam-miso-soup', wide: 1 },
  ],
  STANDING[3]!,
];

/** Prices on the list; the tags say the same but for one. */
const PRICES: Readonly<Record<string, number>> = {
  'kazanetei-chips-consomme': 158,
  'kazanetei-chips-usushio': 158,
  'kazanetei-chips-norishio': 158,
  'tsumugino-butter-cookies': 298,
  'larkfen-ginger-oat-biscuits': 348,
  'minamori-bitter-chocolate': 228,
  'minamori-milk-chocolate': 228,
  'tsumugino-peanut-wafers': 198,
  'hoshisumi-tonkotsu-cup': 238,
  'hoshisumi-shoyu-cup': 218,
  'hoshisumi-seafood-cup': 238,
  'hoshisumi-clam-miso-soup': 258,
  'naginowa-beef-curry': 188,
  'naginowa-soy-keema-curry': 198,
  'morihibari-green-tea': 138,
  'morihibari-soy-milk': 108,
  'morihibari-cafe-au-lait': 128,
  'naginowa-tuna-can': 178,
};
const ON_OFFER: Readonly<Record<string, number>> = { 'hoshisumi-seafood-cup': 198 };

function productOf(id: string): DemoProduct {
  const product = DEMO_PRODUCTS.find((each) => each.id === id);
  if (product === undefined) throw new Error(`no demo product ${id}`);
  return product;
}

function sizeOf({ pack }: DemoProduct): { widthMm: number; heightMm: number; depthMm: number } {
  return 'widthMm' in pack ? pack : { widthMm: pack.diameterMm, heightMm: pack.heightMm, depthMm: pack.diameterMm };
}

/** The bay as it stands, packs a little out of line as hands leave them. */
export function shelfBay(): ShelfBay {
  const random = seededRandom('shelf');
  const packs: ShelfPack[] = [];
  const tags: Tag[] = [];
  STANDING.forEach((blocks, row) => {
    const y = LEVELS_MM[row]!;
    const total = blocks.reduce((sum, { id, wide }) => sum + wide * sizeOf(productOf(id)).widthMm, 0);
    const columns = blocks.reduce((sum, { wide }) => sum + wide, 0);
    const space = (WIDTH_MM - 24 - total) / columns;
    let x = -WIDTH_MM / 2 + 12;
    for (const { id, wide, high = 1, empty = [] } of blocks) {
      const product = productOf(id);
      const { widthMm, heightMm, depthMm } = sizeOf(product);
      const pitch = widthMm + space;
      tags.push({
        at: [x + (pitch * wide) / 2, y - EDGE_MM / 2, 1],
        name: product.nameJa,
        price: ON_OFFER[id] ?? PRICES[id]!,
      });
      for (let column = 0; column < wide; column++, x += pitch) {
        if (empty.includes(column)) continue;
        for (let level = 0; level < high; level++)
          // A second one behind, as shops stock them.
          for (const behind of [0, 1])
            packs.push({
              productId: id,
              at: [
                x + pitch / 2 + (random() - 0.5) * Math.min(4, space),
                y + level * heightMm,
                -14 - depthMm / 2 - behind * (depthMm + 10) - random() * 7,
              ],
              turnDeg: (random() - 0.5) * 7,
              tiltDeg: product.pack.shape === 'bag' ? -4 - random() * 3 : 0,
            });
      }
    }
  });
  const boards = LEVELS_MM.map((y): Board => ({ at: [0, y, 0], widthMm: WIDTH_MM + 30, depthMm: DEPTH_MM, thickMm: EDGE_MM }));
  return { packs, boards, tags };
}

/** What should stand there, as the app keeps it. */
export function shelfPlanogram(): readonly PlanogramRow[] {
  return PLANNED.flatMap((blocks, shelf) => {
    let position = 0;
    return blocks.map(({ id, wide, high = 1 }) => {
      const product = productOf(id);
      const { widthMm, heightMm } = sizeOf(product);
      const row = planogramRowSchema.parse({
        ...{ store: null, bay: null, shelf, position, sku: id, name: product.nameEn, facingsWide: wide, facingsHigh: high },
        ...{ xCm: null, yCm: null, widthCm: widthMm / 10, heightCm: heightMm / 10, brand: product.brandEn, category: null },
        ...{ price: PRICES[id]!, isOwnLabel: null },
      } satisfies PlanogramRow);
      position += wide;
      return row;
    });
  });
}

/** The tag as a picture, in CSS pixels of four a millimetre. */
export function tagArt({ name, price }: Tag): { html: string; widthPx: number; heightPx: number } {
  const html = `<div style="box-sizing:border-box;width:272px;height:128px;padding:8px 12px;border:2px solid #999;background:#fffef4;color:#111;
    font-family:'Noto Sans CJK JP',sans-serif"><div style="font-size:24px;line-height:30px;white-space:nowrap;overflow:hidden">${name}</div>
    <div style="font-size:68px;line-height:76px;font-weight:700;text-align:right;letter-spacing:-1px">${price}<span style="font-size:32px">円</span></div></div>`;
  return { html, widthPx: 272, heightPx: 128 };
}
