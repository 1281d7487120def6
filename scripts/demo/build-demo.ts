/**
 * @file `npm run build:demo`: draws the demo into public/demo/: catalogue, pack pictures, photos. Everything in it is invented and
 * drawn by this code. `npm run build:demo -- <words>` draws only the photos whose names contain a word.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { productSchema, type Product } from '../../src/contracts/product.ts';
import { DEMO_PRODUCTS, gtin13, type DemoProduct } from './demo-products.ts';
import { frontArt } from './pack-art.ts';
import { photograph, type PackCache } from './photograph.ts';
import { startPainter, type Painter } from './render-art.ts';
import { shelfPlanogram } from './shelf-bay.ts';
import { DEMO_SCENES, productOf } from './scenes.ts';
import { writeVersion } from './demo-version.ts';

export const DEMO_FOLDER = fileURLToPath(new URL('../../public/demo/', import.meta.url));
/** The day that the labels were invented. */
const CONTENTS_DATE = Date.UTC(2026, 10, 21);
const ATTRIBUTION = 'Drawn by the project. Products, brands, makers and numbers are invented.';

function toProduct(demo: DemoProduct): Product {
  return productSchema.parse({
    id: demo.id,
    name: { ja: demo.language === 'ja' ? `${demo.nameJa}（${demo.flavourJa}）` : demo.nameJa, en: `${demo.nameEn}, ${demo.flavourEn}` },
    brand: demo.language === 'ja' ? `${demo.brandJa} ${demo.brandEn}` : demo.brandEn,
    gtins: [`0${gtin13(demo)}`],
    kind: 'packaged',
    packWords: [demo.brandJa, demo.brandEn, demo.nameJa, demo.nameEn, demo.flavourJa, demo.taglineJa],
    contents: {
      ingredientsText: demo.ingredients,
      language: demo.language,
      declaredAllergens: [...demo.declaredAllergens],
      declaredTraces: [...demo.declaredTraces],
      source: 'demo',
      updatedAtMs: CONTENTS_DATE,
    },
    source: 'demo',
    updatedAtMs: CONTENTS_DATE,
  } satisfies Product);
}

async function drawPackPictures(painter: Painter): Promise<void> {
  mkdirSync(join(DEMO_FOLDER, 'packs'), { recursive: true });
  for (const product of DEMO_PRODUCTS) {
    const png = await painter.paint(frontArt(product), 1);
    await sharp(png)
      .resize(420, 420, { fit: 'inside' })
      .webp({ quality: 80, effort: 6 })
      .toFile(join(DEMO_FOLDER, 'packs', `${product.id}.webp`));
  }
}

async function takePhotos(painter: Painter, words: readonly string[]): Promise<void> {
  mkdirSync(join(DEMO_FOLDER, 'photos'), { recursive: true });
  const cache: PackCache = new Map();
  for (const { file, scene } of DEMO_SCENES) {
    if (words.length > 0 && !words.some((word) => file.includes(word))) continue;
    const jpeg = await photograph(scene, painter, cache);
    writeFileSync(join(DEMO_FOLDER, 'photos', file), jpeg);
    console.log(`photos/${file}: ${Math.round(jpeg.length / 1000)} kB`);
  }
}

/** What the app is expected to say; a label counts as visible when the pack shows its back. */
function writePhotoList(): void {
  const photos = DEMO_SCENES.map(({ file, title, lens, showsCode, scene }) => {
    const [main] = scene.packs;
    const showsLabel = main?.tiltDeg === 180;
    const product = productOf(main?.productId ?? '');
    const productIds = [...new Set(scene.packs.map(({ productId }) => productId))];
    return {
      file: `photos/${file}`,
      title,
      lens,
      expected: { productIds, gtin: showsCode ? `0${gtin13(product)}` : null, allergens: showsLabel ? product.declaredAllergens : [] },
    };
  });
  writeJson('photos.json', { attribution: ATTRIBUTION, photos });
}

function writeJson(name: string, value: unknown): void {
  writeFileSync(join(DEMO_FOLDER, name), `${JSON.stringify(value, null, 1)}\n`);
}

const words = process.argv.slice(2);
mkdirSync(DEMO_FOLDER, { recursive: true });
writeJson('catalogue.json', DEMO_PRODUCTS.map(toProduct));
writePhotoList();
writeJson('planogram.json', { attribution: ATTRIBUTION, rows: shelfPlanogram() });
const painter = await startPainter();
try {
  if (words.length === 0) await drawPackPictures(painter);
  await takePhotos(painter, words);
} finally {
  await painter.close();
}
writeVersion(DEMO_FOLDER);
