/** @file Stage `read`, second half: one straightened line → characters, by a CTC network. Thread: vision worker or Node. */
import { AppError } from '../../src/contracts/errors.ts';
import type { GreyImage, OrtModel } from '../../src/contracts/runtime.ts';
import { decodeCtc, type ReadCharacter } from '../../src/core/text/ctc-decoding.ts';

/** Height that the networks were trained at. */
export const LINE_HEIGHT_PX = 48;
/** Pixels of width per output step. */
const STEP_PX = 8;

/** What a network says of one line: steps × classes, after softmax; class 0 is blank. */
export interface LineProbabilities {
  readonly probabilities: Float32Array;
  readonly steps: number;
  readonly classes: number;
}

/**
 * Read one line.
 * @param strip {@link LINE_HEIGHT_PX} high, dark on light, from `cutStrip`.
 * @param characters class `i + 1` of the network is `characters[i]`; class 0 is blank.
 * @throws AppError('bug') when the network has another number of classes.
 */
export async function recogniseLine(model: OrtModel, strip: GreyImage, characters: readonly string[]): Promise<ReadCharacter[]> {
  const { probabilities, steps, classes } = await lineProbabilities(model, strip, characters);
  return decodeCtc(probabilities, classes, characters, steps);
}

/** As {@link recogniseLine}, but every character's probability at every step. */
export async function lineProbabilities(model: OrtModel, strip: GreyImage, characters: readonly string[]): Promise<LineProbabilities> {
  const widthPx = Math.max(2, Math.ceil(strip.widthPx / STEP_PX)) * STEP_PX;
  const plane = LINE_HEIGHT_PX * widthPx;
  const data = new Float32Array(plane * 3);
  for (let y = 0; y < LINE_HEIGHT_PX; y++) {
    const row = y * widthPx;
    for (let x = 0; x < widthPx; x++) data[row + x] = strip.data[y * strip.widthPx + Math.min(x, strip.widthPx - 1)]! / 127.5 - 1;
  }
  data.copyWithin(plane, 0, plane);
  data.copyWithin(plane * 2, 0, plane);
  const outputs = await model.run({ [model.inputNames[0]!]: { type: 'float32', data, dims: [1, 3, LINE_HEIGHT_PX, widthPx] } });
  const output = outputs[model.outputNames[0]!]!;
  const steps = output.dims[1] ?? 0;
  const classes = output.dims[2] ?? 0;
  if (classes !== characters.length + 1)
    throw new AppError('bug', `${model.modelId} has ${classes} classes, not ${characters.length + 1}`, { stage: 'read' });
  return { probabilities: output.data as Float32Array, steps, classes };
}
