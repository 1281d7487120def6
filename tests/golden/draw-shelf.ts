/** @file A small shelf drawn for goldens: three boards with packs of a few colours. Deterministic; nothing of a real shop. */
import type { Box } from '../../src/contracts/geometry.ts';
import type { Frame } from '../../src/contracts/media.ts';

const WIDTH = 720;
const HIGH = 540;

/** A shelf and where its packs stand, 0..1. */
export interface DrawnShelf {
  readonly frame: Frame;
  readonly packs: readonly Box[];
}

/** @param isBare without packs: wall, boards and tags only. */
export function drawShelf(isBare = false): DrawnShelf {
  const data = new Uint8ClampedArray(WIDTH * HIGH * 4);
  const fill = (x: number, y: number, w: number, h: number, [red, green, blue]: readonly [number, number, number], shade = 0): void => {
    for (let row = Math.max(0, Math.round(y)); row < Math.min(HIGH, Math.round(y + h)); row++)
      for (let column = Math.max(0, Math.round(x)); column < Math.min(WIDTH, Math.round(x + w)); column++) {
        // A little darker towards the right edge of each thing, and grain, as on a photo.
        const light = 1 - (shade * (column - x)) / Math.max(1, w) + (((column * 7919 + row * 104_729) % 17) - 8) / 300;
        data.set([red * light, green * light, blue * light, 255], (row * WIDTH + column) * 4);
      }
  };
  fill(0, 0, WIDTH, HIGH, [168, 166, 160]);
  const packs: Box[] = [];
  const colours = [
    [188, 38, 44],
    [34, 84, 160],
    [232, 182, 40],
    [46, 128, 74],
    [120, 62, 140],
  ] as const;
  for (const [row, board] of [165, 335, 505].entries()) {
    fill(0, board - 148, WIDTH, 20, [120, 118, 114]);
    if (!isBare)
      for (let i = 0, x = 16 + row * 6; x + 64 < WIDTH; i++, x += 74) {
        const colour = colours[(Math.floor(i / 3) + row * 2) % colours.length]!;
        const high = 108 - row * 6;
        const y = board - high;
        fill(x, y, 64, high, colour, 0.25);
        fill(x + 6, y + 12, 52, 24, [244, 242, 236], 0.2);
        for (let letter = 0; letter < 5; letter++) fill(x + 11 + letter * 9, y + 18, 5, 12, [30, 30, 34]);
        fill(x + 16, y + 48, 32, 34, colours[(i + row + 3) % colours.length]!, 0.3);
        for (let line = 0; line < 3; line++) fill(x + 10, y + 88 + line * 5, 40 - line * 8, 2, [240, 240, 240]);
        fill(x + 63, y, 2, high, [60, 50, 46]);
        packs.push({ x: x / WIDTH, y: y / HIGH, width: 64 / WIDTH, height: high / HIGH });
      }
    fill(0, board, WIDTH, 16, [226, 226, 222]);
    fill(0, board + 13, WIDTH, 3, [120, 120, 118]);
    for (let x = 30; x + 50 < WIDTH; x += 222) {
      fill(x, board + 1, 46, 12, [250, 236, 120]);
      fill(x + 8, board + 4, 22, 5, [40, 30, 30]);
    }
  }
  return { frame: { widthPx: WIDTH, heightPx: HIGH, data }, packs };
}
