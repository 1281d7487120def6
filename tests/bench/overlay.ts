/**
 * @file `npm run bench -- --only overlay`: does the photo follow the finger when thousands of boxes lie on it? Printed: time from frame to frame while
 * it is dragged, half zoomed in, on a view as large as a phone's; beside it the same boxes as one SVG element each. Headless Chromium draws with
 * the processor: a phone's GPU is another matter, but what the page itself computes is in it.
 */
import type { Arena } from './contender-page.ts';
import type { MeasuredFrames } from './contenders.ts';
import type { BenchRow } from './row.ts';

const COUNTS = [150, 2_000, 10_000];

export async function overlay(arena: Arena): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  const { page } = arena;
  await page.setViewportSize({ width: 390, height: 844 });
  const ours = (count: number): Promise<MeasuredFrames> => page.evaluate((n) => window.contenders!.dragOverlay(n), count);
  const theirs = (count: number): Promise<MeasuredFrames> => page.evaluate((n) => window.contenders!.dragOverlayPlainly(n), count);
  await arena.settle(() => ours(COUNTS[0]!));
  for (const count of COUNTS) {
    const [a, b] = [await ours(count), await theirs(count)];
    rows.push({
      what: `overlay, ${count} boxes: frame to frame while dragging`,
      ours: told(a),
      theirs: `${told(b)} (SVG)`,
      ratio: `${(b.p95Ms / a.p95Ms).toFixed(2)} (their p95 ÷ ours; 60 frames a second are 16.7 ms)`,
    });
  }
  return rows;
}

function told({ medianMs, p95Ms }: MeasuredFrames): string {
  return `p50 ${medianMs.toFixed(1)} ms, p95 ${p95Ms.toFixed(1)} ms`;
}
