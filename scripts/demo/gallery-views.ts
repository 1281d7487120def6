/** @file From where the gallery photos of the demo pack are taken. */
import type { DemoProduct } from './demo-products.ts';
import { DAYLIGHT, EVENING, FINISH, SHOP } from './lights.ts';
import type { Lighting } from './rasteriser.ts';
import type { Scene } from './scenes.ts';
import type { Vector } from './solids.ts';
import type { Table } from './tables.ts';

/** Where a pack's middle is and how far away it must be seen from to fill most of the picture. */
function sizeOf(product: DemoProduct): { heightMm: number; widthMm: number } {
  const { pack } = product;
  if (pack.shape === 'box' || pack.shape === 'bag') return { heightMm: pack.heightMm, widthMm: pack.widthMm };
  return { heightMm: pack.heightMm, widthMm: pack.diameterMm };
}

/** One gallery view. */
export interface GalleryView {
  readonly name: string;
  readonly scene: Scene;
  /** Keypoints are stored for these only; they are what makes a pack file large. */
  readonly hasFeatures: boolean;
}

/** Gallery photos of a product: other tables, angles and lights than any demo photo. */
export function galleryViews(product: DemoProduct): GalleryView[] {
  const { heightMm, widthMm } = sizeOf(product);
  const distance = Math.max(heightMm, widthMm * 1.1) * 1.95;
  const middle: Vector = [0, heightMm / 2, 0];
  const seen = (
    name: string,
    azimuthDeg: number,
    elevationDeg: number,
    table: Table,
    lighting: Lighting,
    exposure: number,
    hasFeatures: boolean,
    isBack = false,
  ): GalleryView => {
    const rad = Math.PI / 180;
    const eye: Vector = [
      distance * Math.sin(azimuthDeg * rad) * Math.cos(elevationDeg * rad),
      heightMm / 2 + distance * Math.sin(elevationDeg * rad),
      distance * Math.cos(azimuthDeg * rad) * Math.cos(elevationDeg * rad),
    ];
    const turnDeg = isBack ? 180 : 0;
    return {
      name,
      hasFeatures,
      scene: {
        packs: [{ productId: product.id, at: [0, 0, 0], turnDeg }],
        table,
        wallMm: 600,
        wallColour: [0.4, 0.4, 0.4],
        camera: { eye, target: middle, fovDeg: 34 },
        lighting,
        finish: { ...FINISH, seed: `${product.id}-${name}`, exposure, backgroundBlurPx: 5, noise: 1.5, quality: 90 },
        widthPx: 480,
        heightPx: 480,
        artScale: 1.25,
      },
    };
  };
  return [
    seen('front', 2, 6, 'white', SHOP, 1.1, true),
    seen('left', -24, 14, 'stone', DAYLIGHT, 1.0, false),
    seen('right', 22, 24, 'linen', EVENING, 1.15, false),
    seen('above', -8, 42, 'shelf', SHOP, 0.95, false),
    seen('back', 3, 8, 'white', SHOP, 1.1, true, true),
  ];
}
