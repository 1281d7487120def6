/**
 * @file `npm run build:demo-pack`: photographs every demo product from several sides and describes the photos with the models of the
 * registry into public/demo/pack.json. Run it again whenever the product embedding changes; the photos are kept in .cache/demo.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { GalleryItem } from '../../src/contracts/product.ts';
import { directVision } from '../../src/flow/direct-service.ts';
import { enrolPhoto } from '../../src/flow/enrol.ts';
import { createNodeRuntime } from '../../server/runtime/node-runtime.ts';
import { createVision } from '../../workers/stages/vision.ts';
import { toBase64 } from '../../src/store/base64.ts';
import { DEMO_PRODUCTS } from './demo-products.ts';
import { writeVersion } from './demo-version.ts';
import { galleryViews } from './gallery-views.ts';
import { photograph, type PackCache } from './photograph.ts';
import { startPainter, type Painter } from './render-art.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const FOLDER = join(ROOT, 'public', 'demo');
const CACHE = join(ROOT, '.cache', 'demo');

/** Drawings change only with this code. */
function drawingHash(): string {
  const hash = createHash('sha256');
  for (const name of [
    'demo-products',
    'motifs',
    'pack-art',
    'pack-model',
    'solids',
    'rasteriser',
    'tables',
    'photo-finish',
    'photograph',
    'lights',
    'gallery-views',
  ])
    hash.update(readFileSync(fileURLToPath(new URL(`${name}.ts`, import.meta.url))));
  return hash.digest('hex').slice(0, 12);
}

const folder = join(CACHE, drawingHash());
mkdirSync(folder, { recursive: true });
const vision = directVision(createVision(createNodeRuntime()));
let painter: Painter | null = null;
const items: GalleryItem[] = [];
const withoutFeatures = new Set<string>();
try {
  for (const product of DEMO_PRODUCTS) {
    const packs: PackCache = new Map();
    for (const view of galleryViews(product)) {
      const id = `demo/${product.id}/${view.name}`;
      const path = join(folder, `${product.id}-${view.name}.jpg`);
      if (!existsSync(path)) {
        painter ??= await startPainter();
        writeFileSync(path, await photograph(view.scene, painter, packs));
      }
      const photo = new Blob([readFileSync(path)], { type: 'image/jpeg' });
      items.push(await enrolPhoto(vision, photo, { galleryId: id, product: { id: product.id, kind: 'packaged' }, source: 'demo' }));
      if (!view.hasFeatures) withoutFeatures.add(id);
    }
    console.log(product.id);
  }
} finally {
  await painter?.close();
}

const [first] = items;
if (first === undefined) throw new Error('no demo products');
const pack = {
  space: first.space,
  dimensions: first.vector.length,
  items: items.map(({ id, productId, vector, colour, features, front, words }) => ({
    id,
    productId,
    vector: toBase64(vector),
    colour: colour === null ? null : toBase64(colour),
    ...(front === undefined ? {} : { front: { layout: toBase64(front.layout), aspect: front.aspect } }),
    features:
      features === null || withoutFeatures.has(id)
        ? null
        : {
            algorithm: features.algorithm,
            count: features.count,
            points: toBase64(features.points),
            descriptors: toBase64(features.descriptors),
            descriptorBytes: features.descriptorBytes,
            aspect: features.aspect,
          },
    ...(words === undefined ? {} : { words }),
  })),
};
const json = `${JSON.stringify(pack)}\n`;
writeFileSync(join(FOLDER, 'pack.json'), json);
writeVersion(FOLDER);
console.log(
  `pack.json: ${items.length} photos of ${DEMO_PRODUCTS.length} products, ${Math.round(json.length / 1000)} kB, space ${pack.space}`,
);
