import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Box } from '../../../src/contracts/geometry.ts';
import { dragged, gripAt } from '../../../src/ui/box-drawing.ts';
import { BoxGrid, type Placed } from '../../../src/ui/box-grid.ts';
import { nextBox } from '../../../src/ui/next-box.ts';

const share = fc.double({ min: 0, max: 1, noNaN: true });
const boxes = fc.array(
  fc
    .tuple(share, share, share, share)
    .map(([x, y, w, h]): Box => ({ x: x * 0.89, y: y * 0.89, width: 0.005 + w * 0.1, height: 0.005 + h * 0.1 })),
  { maxLength: 200 },
);
const placed = (all: readonly Box[]): Placed[] => all.map((box, index) => ({ id: String(index), box }));
const holds = ({ box }: Placed, x: number, y: number): boolean =>
  x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height;

describe('the grid under the finger', () => {
  it('finds the smallest box that holds a point, as looking at all of them does', () => {
    fc.assert(
      fc.property(boxes, share, share, (all, x, y) => {
        const items = placed(all);
        const found = new BoxGrid(items).at({ x, y });
        const areas = items.filter((item) => holds(item, x, y)).map(({ box }) => box.width * box.height);
        if (areas.length === 0) expect(found).toBeNull();
        else expect(found!.box.width * found!.box.height).toBe(Math.min(...areas));
      }),
    );
  });

  it('gives exactly the boxes that touch a region, each once', () => {
    fc.assert(
      fc.property(boxes, share, share, share, share, (all, x, y, width, height) => {
        const items = placed(all);
        const region = { x, y, width, height };
        const wanted = items.filter(
          ({ box }) => box.x < x + width && x < box.x + box.width && box.y < y + height && y < box.y + box.height,
        );
        expect(new BoxGrid(items).within(region)).toEqual(wanted);
      }),
    );
  });

  it('forgives a finger that misses by less than its reach', () => {
    const grid = new BoxGrid(placed([{ x: 0.5, y: 0.5, width: 0.1, height: 0.1 }]));
    expect(grid.at({ x: 0.49, y: 0.55 })).toBeNull();
    expect(grid.near({ x: 0.49, y: 0.55 }, { x: 0.02, y: 0.02 })?.id).toBe('0');
    expect(grid.near({ x: 0.45, y: 0.55 }, { x: 0.02, y: 0.02 })).toBeNull();
  });
});

describe('arrow keys', () => {
  /** Three rows of five; the middle row stands half a place to the right. */
  const shelf: Placed[] = [0, 1, 2].flatMap((row) =>
    [0, 1, 2, 3, 4].map((column) => ({
      id: `${row}${column}`,
      box: { x: 0.1 + column * 0.15 + (row === 1 ? 0.075 : 0), y: 0.1 + row * 0.3, width: 0.12, height: 0.2 },
    })),
  );
  const go = (id: string, direction: 'left' | 'right' | 'up' | 'down') =>
    nextBox(
      shelf,
      shelf.find((each) => each.id === id)!,
      direction,
    )?.id ?? null;

  it('follow a row to its ends and no further', () => {
    expect(go('01', 'right')).toBe('02');
    expect(go('01', 'left')).toBe('00');
    expect(go('00', 'left')).toBeNull();
    expect(go('24', 'right')).toBeNull();
  });

  it('go to the nearest of the next row', () => {
    expect(['10', '11']).toContain(go('01', 'down'));
    expect(go('01', 'up')).toBeNull();
    expect(['21', '22']).toContain(go('11', 'down'));
  });
});

describe('dragging', () => {
  it('never turns a box inside out nor leaves the picture', () => {
    const move = fc.double({ min: -3, max: 3, noNaN: true });
    const grip = fc.constantFrom('whole', 'nw', 'n', 'ne', 'e', 'se', 's', 'sw', 'w' as const);
    fc.assert(
      fc.property(
        boxes.filter((all) => all.length > 0),
        grip,
        move,
        move,
        (all, held, x, y) => {
          const box = dragged(all[0]!, held, x, y);
          expect(box.width).toBeGreaterThan(0);
          expect(box.height).toBeGreaterThan(0);
          expect(box.x).toBeGreaterThanOrEqual(0);
          expect(box.y).toBeGreaterThanOrEqual(0);
          expect(box.x + box.width).toBeLessThanOrEqual(1 + 1e-9);
          expect(box.y + box.height).toBeLessThanOrEqual(1 + 1e-9);
          if (held === 'whole') expect([box.width, box.height]).toEqual([all[0]!.width, all[0]!.height]);
        },
      ),
    );
  });

  it('takes hold of the nearest grip within reach', () => {
    const place = { x: 10, y: 20, width: 1000, height: 500 };
    const box = { x: 0.1, y: 0.2, width: 0.2, height: 0.4 };
    expect(gripAt(box, place, 112, 118, 10)).toBe('nw');
    expect(gripAt(box, place, 310, 321, 10)).toBe('se');
    expect(gripAt(box, place, 210, 118, 10)).toBe('n');
    expect(gripAt(box, place, 210, 200, 10)).toBeNull();
  });
});
