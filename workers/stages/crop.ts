/** @file A crop as an image file, bystanders' faces blurred. Runtime-neutral. */
import { AppError } from '../../src/contracts/errors.ts';
import type { Box } from '../../src/contracts/geometry.ts';
import type { Frame } from '../../src/contracts/media.ts';
import type { Runtime } from '../../src/contracts/runtime.ts';
import type { CropImage, CropImageOptions } from '../../src/contracts/vision-api.ts';
import { intersectionArea } from '../../src/core/nms.ts';
import { cutToFrame } from '../../src/core/letterbox.ts';
import { cropPixels, shrinkFrame, sizeWithin, toPixelBox } from '../../src/core/resize.ts';
import { evenMargin, widenBox } from '../../src/core/widen-box.ts';
import { anonymise } from './anonymise.ts';
import { detectFaces, FACE_CONFIDENCE, type FaceOptions } from './detect-faces.ts';

/** Quality of lossy crops; 512 px at this quality stays well below the egress gate's 200 kB. */
const QUALITY_01 = 0.85;

/** A face cut by the crop's edge is found by what lies beyond it. */
const CONTEXT = evenMargin(0.25);

/**
 * @param frame not consumed.
 * @returns `faceCount` counts faces that reach into the crop, found at the size that leaves: those blurred, or with `blurFaces` off
 * everything that may be one ([Note: Face thresholds]).
 * @throws AppError('invalid-input') for an empty box or a size outside 1..4096; what the face detector throws.
 */
export async function cropImage(
  frame: Frame,
  { box, maxSidePx, type, blurFaces, sparedPerson, lookForFaces = true }: CropImageOptions,
  runtime: Runtime,
  options: Pick<FaceOptions, 'checkCancelled' | 'onStep'> = {},
): Promise<CropImage> {
  const inside = cutToFrame(box);
  if (!(inside.width > 0 && inside.height > 0) || !(maxSidePx >= 1 && maxSidePx <= 4096))
    throw new AppError('invalid-input', 'Empty crop, or a size outside 1..4096', { stage: 'crop' });
  const pixelBox = toPixelBox(inside, frame);
  const size = sizeWithin(pixelBox.width, pixelBox.height, maxSidePx);
  const region = cutToFrame(widenBox(inside, CONTEXT));
  const widening = Math.max(region.width / inside.width, region.height / inside.height);
  const detailPx = Math.max(256, Math.min(2048, Math.round(Math.max(size.widthPx, size.heightPx) * widening)));
  const isStrict = !blurFaces || sparedPerson !== undefined;
  const minConfidence01 = isStrict ? FACE_CONFIDENCE.refuse : FACE_CONFIDENCE.blur;
  const found = blurFaces || lookForFaces ? await detectFaces(frame, runtime, { ...options, region, detailPx, minConfidence01 }) : [];
  const faces = found.map((face) => face.box).filter((face) => intersectionArea(face, inside) > 0);
  const spared = sparedPerson === undefined ? null : faceOf(sparedPerson, faces);
  const shrunk = shrinkFrame(cropPixels(frame, pixelBox), maxSidePx);
  const clean = blurFaces
    ? anonymise(
        shrunk,
        faces.filter((face) => face !== spared).map((face) => relativeTo(face, frame, pixelBox)),
      )
    : shrunk;
  return {
    blob: await runtime.encode(clean, type, QUALITY_01),
    widthPx: clean.widthPx,
    heightPx: clean.heightPx,
    faceCount: faces.length,
  };
}

/** The largest face in the upper half of a body. @returns null when there is none: then all are somebody else's. */
function faceOf(person: Box, faces: readonly Box[]): Box | null {
  const own = faces.filter(({ x, y, width, height }) => {
    const [middleX, middleY] = [x + width / 2, y + height / 2];
    return middleX > person.x && middleX < person.x + person.width && middleY > person.y && middleY < person.y + person.height / 2;
  });
  return own.reduce<Box | null>((best, face) => (best === null || face.width * face.height > best.width * best.height ? face : best), null);
}

/** Box of the frame → box of the pixels cut out of it; may reach beyond 0..1. */
function relativeTo(box: Box, frame: Frame, cut: { x: number; y: number; width: number; height: number }): Box {
  return {
    x: (box.x * frame.widthPx - cut.x) / cut.width,
    y: (box.y * frame.heightPx - cut.y) / cut.height,
    width: (box.width * frame.widthPx) / cut.width,
    height: (box.height * frame.heightPx) / cut.height,
  };
}
