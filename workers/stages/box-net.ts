/**
 * @file Detectors of the project's own: run one on a picture and its mirror image, read boxes out of its maps, put boxes of a part back into the photo.
 * Runtime-neutral. Thread: vision worker or Node.
 */
import { AppError } from '../../src/contracts/errors.ts';
import type { Box, PixelBox } from '../../src/contracts/geometry.ts';
import type { Frame } from '../../src/contracts/media.ts';
import type { Runtime } from '../../src/contracts/runtime.ts';
import { boxPeaks, type BoxMaps, type MapScale } from '../../src/core/box-peaks.ts';
import { cutToFrame, paddedTo } from '../../src/core/letterbox.ts';
import { meanWithMirrored, mirrorRows } from '../../src/core/mirrored-maps.ts';
import { toTensorData } from '../../src/core/tensor-layout.ts';
import { modelSpec } from '../../src/models/registry.ts';

/** The nets halve five times. */
const SIDE_STEP = 32;

/** What is less sure is never read out of the maps. */
const LEAST_CONFIDENCE = 0.05;

/** Nearer than this to an inner edge of a part, a box is cut by it. */
const EDGE_PX = 3;

/** One thing that a net found. */
interface FoundBox {
  readonly box: Box;
  /** 0..1. */
  readonly confidence01: number;
}

/**
 * Boxes of one class, 0..1 of the picture and cut to it, in no order. @param output of the net, from 0. @param kind class within its maps, from 0.
 * @throws AppError('bug') when there is no such output
 */
type ReadBoxes = (output: number, kind: number, scale: MapScale) => FoundBox[];

/** @param id of a net whose outputs are maps as `core/box-peaks.ts` takes them. @returns runs it on a picture. */
export async function openBoxNet(runtime: Runtime, id: string): Promise<(picture: Frame) => Promise<ReadBoxes>> {
  const { input, outputs } = modelSpec(id);
  if (input === undefined) throw new AppError('bug', `${id} declares no input`);
  const model = await runtime.ort(id);
  return async (picture) => {
    const padded = paddedTo(picture, SIDE_STEP);
    const { widthPx, heightPx } = padded;
    const pixels = toTensorData(padded, input);
    const look = (data: Float32Array<ArrayBuffer>) =>
      model.run({ [input.name]: { type: 'float32', data, dims: [1, 3, heightPx, widthPx] } });
    const looks = [await look(pixels), await look(mirrorRows(pixels, widthPx))];
    const mapsOf = (outputs ?? []).map((name): Omit<BoxMaps, keyof MapScale> => {
      const [maps, mirrored] = looks.map((results) => results[name]);
      if (!(maps?.data instanceof Float32Array) || !(mirrored?.data instanceof Float32Array))
        throw new AppError('bug', `${id} gave no float32 maps ${name}`);
      const [, , heightCells = 0, widthCells = 0] = maps.dims;
      return { data: meanWithMirrored(maps.data, mirrored.data, { widthCells, heightCells }), widthCells, heightCells };
    });
    return (output, kind, scale) => {
      const maps = mapsOf[output];
      if (maps === undefined) throw new AppError('bug', `${id} has no output ${output}`);
      return boxPeaks({ ...maps, ...scale }, kind, LEAST_CONFIDENCE)
        .map(({ box, confidence01 }) => ({
          box: cutToFrame({
            x: box.x / picture.widthPx,
            y: box.y / picture.heightPx,
            width: box.width / picture.widthPx,
            height: box.height / picture.heightPx,
          }),
          confidence01,
        }))
        .filter(({ box }) => box.width > 0 && box.height > 0);
    };
  };
}

/** Boxes of a part as boxes of the photo; without those that an inner edge of the part cuts: another look sees them whole. */
export function placeWhole<Found extends FoundBox>(found: readonly Found[], part: PixelBox, { widthPx, heightPx }: Frame): Found[] {
  const isCut = ({ box }: Found): boolean =>
    (part.x > 0 && box.x * part.width < EDGE_PX) ||
    (part.y > 0 && box.y * part.height < EDGE_PX) ||
    (part.x + part.width < widthPx && (box.x + box.width) * part.width > part.width - EDGE_PX) ||
    (part.y + part.height < heightPx && (box.y + box.height) * part.height > part.height - EDGE_PX);
  return found
    .filter((one) => !isCut(one))
    .map((one) => ({
      ...one,
      box: {
        x: (part.x + one.box.x * part.width) / widthPx,
        y: (part.y + one.box.y * part.height) / heightPx,
        width: (one.box.width * part.width) / widthPx,
        height: (one.box.height * part.height) / heightPx,
      },
    }));
}
