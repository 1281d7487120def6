import { describe, expect, it } from 'vitest';
import { convexHull, minAreaRectangle } from '../../../src/core/text/min-area-rectangle.ts';
import { findTextRegions } from '../../../src/core/text/text-regions.ts';

/** Probability map with 0.9 inside the turned rectangle. */
function mapWith(width: number, height: number, centre: [number, number], size: [number, number], angleRad: number): Float32Array {
  const map = new Float32Array(width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const dx = x + 0.5 - centre[0];
      const dy = y + 0.5 - centre[1];
      const u = dx * Math.cos(angleRad) + dy * Math.sin(angleRad);
      const v = -dx * Math.sin(angleRad) + dy * Math.cos(angleRad);
      if (Math.abs(u) <= size[0] / 2 && Math.abs(v) <= size[1] / 2) map[y * width + x] = 0.9;
    }
  return map;
}

describe('minAreaRectangle', () => {
  it('drops points inside the hull', () => {
    const hull = convexHull([
      { x: 0, y: 0 },
      { x: 4, y: 0 },
      { x: 2, y: 1 },
      { x: 4, y: 4 },
      { x: 0, y: 4 },
    ]);
    expect(hull).toHaveLength(4);
  });

  it('finds the side lengths of a turned rectangle', () => {
    const angle = 0.3;
    const corners = [
      [-20, -5],
      [20, -5],
      [20, 5],
      [-20, 5],
    ].map(([u, v]) => ({ x: 50 + u! * Math.cos(angle) - v! * Math.sin(angle), y: 50 + u! * Math.sin(angle) + v! * Math.cos(angle) }));
    const found = minAreaRectangle(corners);
    expect(found.longPx).toBeCloseTo(40, 6);
    expect(found.shortPx).toBeCloseTo(10, 6);
    expect(Math.atan2(found.along.y, found.along.x)).toBeCloseTo(angle, 6);
  });
});

describe('findTextRegions', () => {
  it('grows a core back to the line and keeps its tilt', () => {
    const [region, ...others] = findTextRegions(mapWith(200, 100, [100, 50], [120, 8], 0.1), 200, 100);
    expect(others).toHaveLength(0);
    const [a, b, , d] = region!.corners;
    expect(Math.atan2(b.y - a.y, b.x - a.x)).toBeCloseTo(0.1, 1);
    expect(Math.hypot(d.x - a.x, d.y - a.y)).toBeGreaterThan(16);
    expect(a.x).toBeLessThan(b.x);
    expect(a.y).toBeLessThan(d.y);
  });

  it('gives a column upright corners, top left first', () => {
    const [region] = findTextRegions(mapWith(100, 200, [50, 100], [8, 150], 0), 100, 200);
    const [a, b, c] = region!.corners;
    expect(b.x - a.x).toBeLessThan(40);
    expect(c.y - b.y).toBeGreaterThan(150);
    expect(a.x).toBeLessThan(b.x);
  });

  it('leaves faint and tiny regions out', () => {
    const faint = mapWith(100, 60, [50, 30], [60, 8], 0).map((value) => value * 0.5);
    expect(findTextRegions(faint, 100, 60)).toHaveLength(0);
    expect(findTextRegions(mapWith(100, 60, [50, 30], [2, 2], 0), 100, 60)).toHaveLength(0);
  });
});
