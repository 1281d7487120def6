/** @file Flavours of one design that differ in words alone, drawn: what looks leave open, the words on the packs decide. With the real nets. */
import sharp from 'sharp';
import { expect, it } from 'vitest';
import type { Box } from '../../src/contracts/geometry.ts';
import type { Product } from '../../src/contracts/product.ts';
import type { Facing, FacingLook } from '../../src/contracts/shelf.ts';
import { withNews } from '../../src/core/shelf/facing-news.ts';
import { identifyFacings } from '../../src/core/shelf/identify-facings.ts';
import { analyseShelf } from '../../src/flow/analyse-shelf.ts';
import { enrolPhoto } from '../../src/flow/enrol.ts';
import { readPackWords } from '../../src/flow/read-pack-words.ts';
import { openNodePipeline } from '../evaluate/node-pipeline.ts';

const FLAVOURS = ['Strawberry', 'Pineapple', 'Blueberry', 'Cinnamon'] as const;
const PACK = { widthPx: 260, heightPx: 380 };
/** By row, from the left. */
const SHELF: readonly (readonly number[])[] = [
  [0, 0, 1, 1, 2, 2, 3, 3],
  [2, 2, 0, 0, 3, 3, 1, 1],
];
const SCENE = { widthPx: 1900, heightPx: 800, stepPx: 230, rowPx: 390, packPx: 200 };

function packOf(flavour: string): Promise<Buffer> {
  const { widthPx, heightPx } = PACK;
  const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${heightPx}">
    <rect width="100%" height="100%" fill="#2b5f8f"/><rect y="60" width="100%" height="76" fill="#f4efe2"/>
    <text x="50%" y="112" font-family="sans-serif" font-size="40" font-weight="700" fill="#2b5f8f" text-anchor="middle">MORIHA</text>
    <circle cx="130" cy="300" r="62" fill="#e2b13c"/>
    <text x="50%" y="200" font-family="sans-serif" font-size="36" fill="#fff" text-anchor="middle">${flavour}</text></svg>`;
  return sharp(Buffer.from(drawing)).png().toBuffer();
}

async function shelfPhoto(): Promise<{ blob: Blob; boxes: Box[]; truth: string[] }> {
  const packs = await Promise.all(FLAVOURS.map(packOf));
  const height = Math.round((SCENE.packPx * PACK.heightPx) / PACK.widthPx);
  const placed = SHELF.flatMap((flavours, row) =>
    flavours.map((flavour, column) => ({ flavour, left: 40 + column * SCENE.stepPx, top: 60 + row * SCENE.rowPx })),
  );
  const layers = await Promise.all(
    placed.map(async ({ flavour, left, top }, i) => {
      // Each in a light of its own, as on a board.
      const brightness = 0.8 + ((i * 7) % 5) * 0.06;
      const input = await sharp(packs[flavour]).resize(SCENE.packPx, height).modulate({ brightness }).blur(0.7).png().toBuffer();
      return { input, left, top };
    }),
  );
  const { widthPx: width, heightPx } = SCENE;
  const scene = sharp({ create: { width, height: heightPx, channels: 3, background: '#b9b4aa' } }).composite(layers);
  return {
    blob: new Blob([new Uint8Array(await scene.jpeg({ quality: 80 }).toBuffer())]),
    boxes: placed.map(({ left, top }) => ({
      ...{ x: left / width, y: top / heightPx },
      ...{ width: SCENE.packPx / width, height: height / heightPx },
    })),
    truth: placed.map(({ flavour }) => FLAVOURS[flavour]!),
  };
}

it('tells flavours apart whose packs look the same', async () => {
  const pipeline = openNodePipeline();
  const products = FLAVOURS.map((id): Product => ({
    ...{ id, name: { en: id }, gtins: [], kind: 'packaged', packWords: [], source: 'test', updatedAtMs: 0 },
  }));
  const gallery = [];
  for (const product of products) {
    const photo = new Blob([new Uint8Array(await packOf(product.id))]);
    gallery.push(await enrolPhoto(pipeline.vision, photo, { galleryId: product.id, product, source: 'test' }));
  }
  await pipeline.load(products, gallery);
  const { blob, boxes, truth } = await shelfPhoto();
  const detectShelf = () => Promise.resolve({ facings: boxes.map((box) => ({ box, confidence01: 1 })), gaps: [] });
  const vision = { ...pipeline.vision, detectShelf };
  const { frame, reading, looks } = await analyseShelf({ id: 'photo', blob }, { ...pipeline, vision }, { hasTags: false, keepFrame: true });
  const rightAndSure = (facings: readonly Facing[]): number =>
    facings.filter(({ identity, box }) => {
      const at = boxes.findIndex(({ x, y }) => x === box.x && y === box.y);
      return identity?.certainty === 'sure' && identity.productId === truth[at];
    }).length;
  expect(rightAndSure(reading!.facings)).toBe(0);
  let known: readonly FacingLook[] = looks;
  await readPackWords(frame!, reading!, looks, pipeline, {
    limitMs: Infinity,
    onNews: (news) => {
      known = withNews(known, news);
    },
  });
  const after = identifyFacings(reading!.facings, known, new Map(products.map((product) => [product.id, product])));
  expect(rightAndSure(after)).toBe(truth.length);
});
