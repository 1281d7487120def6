/** @file Where price tags are read: pieces of the strips along the boards, each as wide as keeps its digits large enough. Pure; any thread. */
import type { Box } from '../../contracts/geometry.ts';
import type { ShelfReading } from '../../contracts/shelf.ts';
import { tagStrips } from './link-tags.ts';
import { median } from '../robust.ts';

/**
 * Lines are sought in a picture of 960 px. A facing is some 7 cm wide and a price 1 cm high, so a piece of eleven facings' width keeps
 * prices 12 px high, which is what the detector wants.
 */
const FACINGS_WIDE = 11;
const MAX_PIECES = 6;
/** Pieces overlap by this share of their width, so that a tag on a seam is whole in one of them. */
const OVERLAP = 0.15;

/** @returns boxes of the frame, row by row from the top, each row from the left. */
export function tagRegions(reading: Pick<ShelfReading, 'facings' | 'layout'>): Box[] {
  const usual = median(reading.facings.map(({ box }) => box.width));
  return tagStrips(reading).flatMap((strip, row) => {
    if (strip.width <= 0 || strip.height <= 0) return [];
    const { from, to } = reading.layout.rows[row]!.rail;
    const pieces = Math.max(1, Math.min(MAX_PIECES, Math.ceil(strip.width / (FACINGS_WIDE * usual || 1))));
    // A board that runs obliquely leaves much of its strip's bounds empty: each piece is cut to its own part of the board.
    const above = Math.min(from.y, to.y) - strip.y;
    const below = strip.y + strip.height - Math.max(from.y, to.y);
    const boardAt = (x: number): number => from.y + ((to.y - from.y) * (x - from.x)) / (to.x - from.x || 1);
    const width = strip.width / (pieces - (pieces - 1) * OVERLAP);
    return Array.from({ length: pieces }, (_, piece): Box => {
      const x = strip.x + piece * width * (1 - OVERLAP);
      const ends = [boardAt(x), boardAt(x + width)];
      const top = Math.max(0, Math.min(...ends) - above);
      return { x, y: top, width, height: Math.min(1, Math.max(...ends) + below) - top };
    }).filter(({ height }) => height > 0);
  });
}
