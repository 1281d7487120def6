/** @file A small level image of a page, in which rules and the order of lines are found. Thread: vision worker or Node. */
import type { Box, Point } from '../../src/contracts/geometry.ts';
import type { Frame } from '../../src/contracts/media.ts';
import type { GreyImage } from '../../src/contracts/runtime.ts';
import { cropFrame, shrinkFrame, warpQuad } from '../../src/core/resize.ts';
import { isLightOnDark } from '../../src/core/text/contrast.ts';
import type { UprightBox } from '../../src/core/text/reading-order.ts';
import type { Corners } from '../../src/core/text/text-regions.ts';
import { toGrey } from '../../src/core/tensor-layout.ts';

/** Side of the small image. */
const LAYOUT_SIDE_PX = 1400;
/** Less tilted than this, a page is level. */
const LEVEL_RAD = 0.003;

/** The level image and the map into it. */
export interface TextLayout {
  /** Grey image. */
  readonly image: GreyImage;
  /** True where most of the lines are light on dark. */
  isLightOnDark(lines: readonly Corners[]): boolean;
  /** Layout pixels per pixel of the page. */
  readonly scale: number;
  boxOf(corners: Corners): UprightBox;
  /** Height of the middle of a line at its ends. */
  endsOf(corners: Corners): { leftY: number; rightY: number };
}

/** @param angleRad of the lines of text in the page. */
export function levelLayout(page: Frame, angleRad: number): TextLayout {
  const small = shrinkFrame(page, LAYOUT_SIDE_PX);
  const scale = small.widthPx / page.widthPx;
  const cos = Math.cos(angleRad);
  const sin = Math.sin(angleRad);
  const centre = { x: small.widthPx / 2, y: small.heightPx / 2 };
  // Page → layout: turn by −angle about the centre. Layout → page: the other way round.
  const turn = (x: number, y: number, direction: 1 | -1): Point => ({
    x: centre.x + (x - centre.x) * cos - direction * (y - centre.y) * sin,
    y: centre.y + direction * (x - centre.x) * sin + (y - centre.y) * cos,
  });
  const corner = (x: number, y: number): Point => {
    const at = turn(x, y, 1);
    return { x: at.x / small.widthPx, y: at.y / small.heightPx };
  };
  const { widthPx: w, heightPx: h } = small;
  const level = Math.abs(angleRad) < LEVEL_RAD ? small : warpQuad(small, [corner(0, 0), corner(w, 0), corner(w, h), corner(0, h)], w, h);
  const grey = toGrey(level);
  const inLevel = ({ x0, y0, x1, y1 }: UprightBox): Box => ({ x: x0 / w, y: y0 / h, width: (x1 - x0) / w, height: (y1 - y0) / h });
  return {
    scale,
    image: { widthPx: w, heightPx: h, data: grey },
    isLightOnDark(lines) {
      const light = lines.filter((corners) => isLightOnDark(toGrey(cropFrame(level, inLevel(this.boxOf(corners))))));
      return light.length > lines.length / 2;
    },
    endsOf(corners) {
      const [a, b, c, d] = corners.map(({ x, y }) => turn(x * scale, y * scale, -1).y) as [number, number, number, number];
      return { leftY: (a + d) / 2, rightY: (b + c) / 2 };
    },
    boxOf(corners) {
      const turned = corners.map(({ x, y }) => turn(x * scale, y * scale, -1));
      // The mean of both ends' edges: a tilted line's box must not swallow its neighbours.
      const [a, b, c, d] = turned as unknown as Corners;
      return { x0: Math.min(a.x, d.x), x1: Math.max(b.x, c.x), y0: (a.y + b.y) / 2, y1: (c.y + d.y) / 2 };
    },
  };
}
