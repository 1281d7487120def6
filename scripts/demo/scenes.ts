/** @file The demo photos and the gallery views: what stands where, seen from where, in what light. */
import { shelfBay, type ShelfBay } from './shelf-bay.ts';
import { DAYLIGHT, EVENING, FINISH, SHOP } from './lights.ts';
import type { Camera, Lighting } from './rasteriser.ts';
import type { Finish } from './photo-finish.ts';
import type { Placement, Vector } from './solids.ts';
import type { Table } from './tables.ts';
import { DEMO_PRODUCTS, type DemoProduct } from './demo-products.ts';

export interface Scene extends Partial<Pick<ShelfBay, 'boards' | 'tags'>> {
  readonly packs: readonly (Placement & { readonly productId: string; readonly isLying?: boolean })[];
  readonly table: Table;
  /** Distance of the wall behind; null: none in sight. */
  readonly wallMm: number | null;
  readonly wallColour: Vector;
  readonly camera: Camera;
  readonly lighting: Lighting;
  readonly finish: Finish;
  readonly widthPx: number;
  readonly heightPx: number;
  /** Pixels of artwork per CSS pixel. */
  readonly artScale: number;
}

/** A demo photo with what the app should say about it. */
export interface DemoPhoto {
  readonly file: string;
  readonly title: { readonly en: string; readonly ja: string };
  readonly lens: 'product' | 'label' | 'shelf';
  /** True when enough of the barcode is in the picture to be read. */
  readonly showsCode: boolean;
  readonly expected: {
    /** Products in the photo, the main one first. */
    readonly productIds: readonly string[];
    /** GTIN-14 that can be read in the photo; null when no code is visible. */
    readonly gtin: string | null;
    /** Allergen ids that the visible label declares; empty when no label is visible. */
    readonly allergens: readonly string[];
  };
  readonly scene: Scene;
}

const wide = { widthPx: 1800, heightPx: 1350 };
const tall = { widthPx: 1350, heightPx: 1800 };

/** Photos to click on first use. */
export const DEMO_SCENES: readonly Omit<DemoPhoto, 'expected'>[] = [
  {
    file: 'milk-chocolate.jpg',
    showsCode: false,
    title: { en: 'A chocolate bar on the table', ja: 'テーブルの上のチョコレート' },
    lens: 'product',
    scene: {
      ...tall,
      packs: [{ productId: 'minamori-milk-chocolate', at: [0, 0, 0], isLying: true, turnDeg: -14 }],
      table: 'oak',
      wallMm: null,
      wallColour: [0.5, 0.5, 0.5],
      camera: { eye: [26, 232, 132], target: [2, 0, 6], fovDeg: 44, rollDeg: 3 },
      lighting: DAYLIGHT,
      finish: { ...FINISH, seed: 'a', backgroundBlurPx: 1.4 },
      artScale: 2.5,
    },
  },
  {
    file: 'beef-curry-label.jpg',
    showsCode: true,
    title: { en: 'The back of a curry box: label and barcode', ja: 'カレーの箱の裏：表示とバーコード' },
    lens: 'product',
    scene: {
      ...tall,
      packs: [{ productId: 'naginowa-beef-curry', at: [0, 0, 0], isLying: true, turnDeg: 3, tiltDeg: 180 }],
      table: 'linen',
      wallMm: null,
      wallColour: [0.5, 0.5, 0.5],
      camera: { eye: [-3, 262, 64], target: [0, 0, 2], fovDeg: 44, rollDeg: -2 },
      lighting: DAYLIGHT,
      finish: { ...FINISH, seed: 'b', backgroundBlurPx: 1.2, blurPx: 0.4, noise: 1.8 },
      artScale: 3.2,
    },
  },
  {
    file: 'two-potato-chips.jpg',
    showsCode: false,
    title: { en: 'Two flavours that look alike', ja: 'よく似た二つの味' },
    lens: 'product',
    scene: {
      ...wide,
      packs: [
        { productId: 'kazanetei-chips-consomme', at: [-84, 2, 0], turnDeg: 9, tiltDeg: -9 },
        { productId: 'kazanetei-chips-usushio', at: [86, 2, -14], turnDeg: -13, tiltDeg: -8, rollDeg: -2 },
      ],
      table: 'walnut',
      wallMm: 330,
      wallColour: [0.36, 0.38, 0.37],
      camera: { eye: [-6, 168, 452], target: [0, 96, 0], fovDeg: 34, rollDeg: 1.4 },
      lighting: EVENING,
      finish: { ...FINISH, seed: 'c', backgroundBlurPx: 9, exposure: 1.16 },
      artScale: 2,
    },
  },
  {
    file: 'consomme-ingredients.jpg',
    showsCode: true,
    title: { en: 'An ingredient label, close up', ja: '原材料表示のアップ' },
    lens: 'label',
    scene: {
      widthPx: 2000,
      heightPx: 1500,
      packs: [{ productId: 'kazanetei-chips-consomme', at: [0, 0, 0], isLying: true, turnDeg: -3, tiltDeg: 180 }],
      table: 'oak',
      wallMm: null,
      wallColour: [0.5, 0.5, 0.5],
      camera: { eye: [1, 208, 48], target: [0, 30, 4], fovDeg: 41, rollDeg: 1.2 },
      lighting: { ...DAYLIGHT, direction: [-0.9, 1, 0.2] },
      finish: { ...FINISH, seed: 'd', blurPx: 0.35, noise: 1.6, quality: 70 },
      artScale: 4.5,
    },
  },
  {
    file: 'oat-biscuits-english.jpg',
    showsCode: true,
    title: { en: 'An imported pack in English', ja: '英語表示の輸入ビスケット' },
    lens: 'label',
    scene: {
      ...tall,
      packs: [{ productId: 'larkfen-ginger-oat-biscuits', at: [0, 0, 0], isLying: true, turnDeg: -2, tiltDeg: 180 }],
      table: 'stone',
      wallMm: null,
      wallColour: [0.5, 0.5, 0.5],
      camera: { eye: [2, 300, 74], target: [0, 24, 2], fovDeg: 40, rollDeg: -1 },
      lighting: SHOP,
      finish: { ...FINISH, seed: 'e', blurPx: 0.4, noise: 1.8, backgroundBlurPx: 2 },
      artScale: 4,
    },
  },
  {
    file: 'cafe-au-lait-can.jpg',
    showsCode: false,
    title: { en: 'A can in the kitchen', ja: '台所の缶コーヒー' },
    lens: 'product',
    scene: {
      ...tall,
      packs: [{ productId: 'morihibari-cafe-au-lait', at: [0, 0, 0], turnDeg: 2 }],
      table: 'oak',
      wallMm: 420,
      wallColour: [0.5, 0.47, 0.42],
      camera: { eye: [16, 126, 236], target: [0, 64, 0], fovDeg: 38, rollDeg: -2.5 },
      lighting: EVENING,
      finish: { ...FINISH, seed: 'f', backgroundBlurPx: 10, exposure: 1.2 },
      artScale: 2.5,
    },
  },
  {
    file: 'tonkotsu-cup.jpg',
    showsCode: false,
    title: { en: 'Cup noodles', ja: 'カップめん' },
    lens: 'product',
    scene: {
      ...wide,
      packs: [
        { productId: 'hoshisumi-tonkotsu-cup', at: [0, 0, 0], turnDeg: -9 },
        { productId: 'hoshisumi-shoyu-cup', at: [150, 0, -130], turnDeg: -30 },
      ],
      table: 'white',
      wallMm: 420,
      wallColour: [0.42, 0.46, 0.44],
      camera: { eye: [-24, 132, 300], target: [22, 54, 0], fovDeg: 31, rollDeg: 1.8 },
      lighting: DAYLIGHT,
      finish: { ...FINISH, seed: 'g', backgroundBlurPx: 8, exposure: 1.32 },
      artScale: 2,
    },
  },
  {
    file: 'shop-shelf.jpg',
    showsCode: false,
    title: { en: 'On a shop shelf', ja: '店の棚で' },
    lens: 'product',
    scene: {
      ...wide,
      packs: [
        { productId: 'morihibari-green-tea', at: [0, 0, 40], turnDeg: 6 },
        { productId: 'morihibari-green-tea', at: [-78, 0, 0], turnDeg: -12 },
        { productId: 'morihibari-green-tea', at: [-156, 0, 2], turnDeg: 24 },
        { productId: 'morihibari-soy-milk', at: [82, 0, 4], turnDeg: -4 },
        { productId: 'morihibari-soy-milk', at: [150, 0, 0], turnDeg: 3 },
        { productId: 'morihibari-cafe-au-lait', at: [214, 0, 2], turnDeg: -20 },
        { productId: 'morihibari-cafe-au-lait', at: [-226, 0, 4], turnDeg: 12 },
      ],
      table: 'shelf',
      wallMm: 90,
      wallColour: [0.2, 0.21, 0.22],
      camera: { eye: [34, 168, 400], target: [4, 104, 0], fovDeg: 36, rollDeg: -1 },
      lighting: SHOP,
      finish: { ...FINISH, seed: 'h', backgroundBlurPx: 3, noise: 2.8 },
      artScale: 2,
    },
  },
  {
    file: 'grape-gummies-back.jpg',
    showsCode: true,
    title: { en: 'The back of a crumpled pouch', ja: 'しわのある袋の裏' },
    lens: 'product',
    scene: {
      ...tall,
      packs: [{ productId: 'minamori-grape-gummies', at: [0, 8, 0], isLying: true, turnDeg: -1, tiltDeg: 180 }],
      table: 'walnut',
      wallMm: null,
      wallColour: [0.5, 0.5, 0.5],
      camera: { eye: [-5, 240, 78], target: [0, 0, 4], fovDeg: 43, rollDeg: 2 },
      lighting: DAYLIGHT,
      finish: { ...FINISH, seed: 'i', blurPx: 0.45, noise: 2 },
      artScale: 3.5,
    },
  },
  {
    file: 'shelf-bay.jpg',
    showsCode: false,
    title: { en: 'A bay of shelves', ja: '陳列棚' },
    lens: 'shelf',
    scene: {
      ...shelfBay(),
      widthPx: 2080,
      heightPx: 1880,
      table: 'shelf',
      wallMm: 330,
      wallColour: [0.62, 0.62, 0.6],
      camera: { eye: [-70, 620, 1540], target: [-6, 515, 0], fovDeg: 42, rollDeg: 0.8 },
      lighting: SHOP,
      finish: { ...FINISH, seed: 'shelf', backgroundBlurPx: 0, blurPx: 0.45, noise: 2.2, exposure: 1.2, quality: 66 },
      artScale: 1.5,
    },
  },
];

/** @throws Error when a scene names a product that does not exist. */
export function productOf(id: string): DemoProduct {
  const product = DEMO_PRODUCTS.find((each) => each.id === id);
  if (product === undefined) throw new Error(`no demo product ${id}`);
  return product;
}
