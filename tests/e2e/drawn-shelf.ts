/** @file Photos of shelves, put together from the demo's pack pictures: how many facings stand on them is known. */
import sharp from 'sharp';
import type { PickedPhoto } from './drawn-pack.ts';

/** A shelf to draw. */
export interface DrawnShelf {
  /** Products of each row, from the top; each stands `repeat` times. */
  readonly rows: readonly (readonly string[])[];
  readonly repeat: number;
  /** Height of a pack, px. */
  readonly packPx: number;
}

const BOARD_PX = 26;
const SPACE_PX = 6;

/** Facings that the shelf shows. */
export function facingsOf({ rows, repeat }: DrawnShelf): number {
  return rows.reduce((sum, row) => sum + row.length * repeat, 0);
}

/** Ten rows of fifteen: as dense as shops get. */
export const DENSE_SHELF: DrawnShelf = {
  rows: [
    ['morihibari-soy-milk', 'morihibari-cafe-au-lait', 'larkfen-ginger-oat-biscuits'],
    ['minamori-milk-chocolate', 'minamori-bitter-chocolate', 'morihibari-soy-milk'],
    ['larkfen-ginger-oat-biscuits', 'hoshisumi-seafood-cup', 'minamori-milk-chocolate'],
    ['morihibari-cafe-au-lait', 'minamori-bitter-chocolate', 'larkfen-ginger-oat-biscuits'],
    ['hoshisumi-seafood-cup', 'morihibari-soy-milk', 'minamori-milk-chocolate'],
    ['morihibari-soy-milk', 'morihibari-cafe-au-lait', 'larkfen-ginger-oat-biscuits'],
    ['minamori-milk-chocolate', 'minamori-bitter-chocolate', 'morihibari-soy-milk'],
    ['larkfen-ginger-oat-biscuits', 'hoshisumi-seafood-cup', 'minamori-milk-chocolate'],
    ['morihibari-cafe-au-lait', 'minamori-bitter-chocolate', 'larkfen-ginger-oat-biscuits'],
    ['hoshisumi-seafood-cup', 'morihibari-soy-milk', 'minamori-milk-chocolate'],
  ],
  repeat: 5,
  packPx: 190,
};

/** A small one, quickly read. */
export const SMALL_SHELF: DrawnShelf = {
  rows: [
    ['minamori-milk-chocolate', 'larkfen-ginger-oat-biscuits'],
    ['morihibari-soy-milk', 'minamori-bitter-chocolate'],
  ],
  repeat: 3,
  packPx: 330,
};

/** @param orientation as EXIF has it: the pixels are stored turned, so that a reader that heeds it sees the shelf upright. */
export async function shelfPhoto(shelf: DrawnShelf, name: string, orientation: 1 | 3 = 1): Promise<PickedPhoto> {
  const packs = new Map<string, { readonly input: Buffer; readonly widthPx: number; readonly heightPx: number }>();
  for (const id of new Set(shelf.rows.flat())) {
    const { data, info } = await sharp(`public/demo/packs/${id}.webp`)
      .resize({ height: shelf.packPx })
      .png()
      .toBuffer({ resolveWithObject: true });
    packs.set(id, { input: data, widthPx: info.width, heightPx: info.height });
  }
  const rowPx = shelf.packPx + 30 + BOARD_PX;
  const rows = shelf.rows.map((row) => row.flatMap((id) => Array.from({ length: shelf.repeat }, () => packs.get(id)!)));
  const widthPx = 80 + Math.max(...rows.map((row) => row.reduce((sum, pack) => sum + pack.widthPx + SPACE_PX, 0)));
  const heightPx = 60 + rows.length * rowPx;
  const parts = rows.flatMap((row, index) => {
    const boardTop = 40 + (index + 1) * rowPx - BOARD_PX;
    const board = Buffer.from(
      `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${BOARD_PX}"><rect width="100%" height="100%" fill="#d8d8d4"/><rect width="100%" height="4" fill="#f4f4f0"/></svg>`,
    );
    let left = 40;
    return [
      { input: board, left: 0, top: boardTop },
      ...row.map(({ input, widthPx: packWidth, heightPx: packHeight }) => {
        const at = { input, left, top: boardTop - packHeight };
        left += packWidth + SPACE_PX;
        return at;
      }),
    ];
  });
  const upright = await sharp({ create: { width: widthPx, height: heightPx, channels: 3, background: '#6d6b66' } })
    .composite(parts)
    .png()
    .toBuffer();
  const stored = orientation === 1 ? sharp(upright) : sharp(upright).rotate(180).withMetadata({ orientation });
  return { name, mimeType: 'image/jpeg', buffer: await stored.jpeg({ quality: 86 }).toBuffer() };
}

/** A lawn under a sky: no shelf anywhere. */
export async function lawnPhoto(): Promise<PickedPhoto> {
  const [widthPx, heightPx] = [1200, 900];
  const blades = Array.from({ length: 900 }, (_, i) => {
    const [x, y] = [(i * 7919) % widthPx, 480 + ((i * 104_729) % 420)];
    return `<line x1="${x}" y1="${y}" x2="${x + ((i * 31) % 17) - 8}" y2="${y - 14 - ((i * 13) % 22)}" stroke="hsl(${95 + (i % 30)} 45% ${28 + (i % 18)}%)" stroke-width="3"/>`;
  }).join('');
  const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${heightPx}"><defs><linearGradient id="s" x2="0" y2="1">
    <stop offset="0" stop-color="#6fa3d8"/><stop offset="1" stop-color="#d7e6f2"/></linearGradient></defs><rect width="100%" height="480" fill="url(#s)"/>
    <rect y="470" width="100%" height="430" fill="#4d7a35"/>${blades}</svg>`;
  return { name: 'lawn.jpg', mimeType: 'image/jpeg', buffer: await sharp(Buffer.from(drawing)).blur(0.8).jpeg({ quality: 85 }).toBuffer() };
}
