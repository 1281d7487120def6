/** @file From one box to its neighbour in a direction, as the arrow keys go. Thread: page. */
import type { Placed } from './box-grid.ts';

export type Direction = 'left' | 'right' | 'up' | 'down';

/** Leaving the direction costs more than going far: a row is followed to its end. */
const SIDEWAYS = 3;

/** @returns the neighbour; null at the edge. */
export function nextBox<Item extends Placed>(items: readonly Item[], from: Placed, direction: Direction): Item | null {
  const isAcross = direction === 'left' || direction === 'right';
  const sign = direction === 'left' || direction === 'up' ? -1 : 1;
  const start = centreOf(from);
  let best: Item | null = null;
  let least = Infinity;
  for (const item of items) {
    if (item.id === from.id) continue;
    const centre = centreOf(item);
    const [along, aside, reach] = isAcross
      ? [(centre.x - start.x) * sign, Math.abs(centre.y - start.y), item.box.height / 2 + from.box.height / 2]
      : [(centre.y - start.y) * sign, Math.abs(centre.x - start.x), Infinity];
    // To the side only what stands beside it; up and down lead to the nearest of another row.
    const isBeside = isAcross ? along > 1e-6 && aside < reach * 0.6 : along > Math.min(item.box.height, from.box.height) * 0.4;
    const cost = along + aside * SIDEWAYS;
    if (isBeside && cost < least) [best, least] = [item, cost];
  }
  return best;
}

function centreOf({ box }: Placed): { x: number; y: number } {
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}
