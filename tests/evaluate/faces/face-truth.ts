/** @file Where faces are in the photos of a task, marked by hand: `annotations.json`. */
import { z } from 'zod';
import { AppError } from '../../../src/contracts/errors.ts';
import type { Box } from '../../../src/contracts/geometry.ts';
import annotations from './annotations.json' with { type: 'json' };

const pixelBoxSchema = z.tuple([z.number(), z.number(), z.number(), z.number()]);
const annotationsSchema = z.strictObject({
  note: z.string(),
  tasks: z.record(
    z.string(),
    z.record(
      z.string(),
      z.strictObject({
        widthPx: z.int().positive(),
        heightPx: z.int().positive(),
        faces: z.array(pixelBoxSchema),
        doubtful: z.array(pixelBoxSchema),
      }),
    ),
  ),
  tasksWithoutFaces: z.array(z.string()),
});

/** What one photo shows; boxes 0..1 of it. */
export interface FaceTruth {
  readonly faces: readonly Box[];
  /** Found or not, they do not count. */
  readonly doubtful: readonly Box[];
  /** Side of each face (root of its area) over the photo's short side, as `faces`. */
  readonly sizes01: readonly number[];
}

const NO_FACES: FaceTruth = { faces: [], doubtful: [], sizes01: [] };

/**
 * @param task of the data set. @param file as its items name it.
 * @throws AppError('invalid-input') for a photo that nobody looked at.
 */
export function faceTruthOf(task: string, file: string): FaceTruth {
  const { tasks, tasksWithoutFaces } = annotationsSchema.parse(annotations);
  if (tasksWithoutFaces.includes(task)) return NO_FACES;
  const photo = tasks[task]?.[file];
  if (photo === undefined) throw new AppError('invalid-input', `Nobody marked the faces of ${file} (${task}) yet`);
  const { widthPx, heightPx } = photo;
  const toBox = ([x, y, width, height]: z.infer<typeof pixelBoxSchema>): Box => ({
    x: x / widthPx,
    y: y / heightPx,
    width: width / widthPx,
    height: height / heightPx,
  });
  return {
    faces: photo.faces.map(toBox),
    doubtful: photo.doubtful.map(toBox),
    sizes01: photo.faces.map(([, , width, height]) => Math.sqrt(width * height) / Math.min(widthPx, heightPx)),
  };
}
