/** @file Crops → numbers by a net whose input the registry or a manifest describes. Runtime-neutral. Thread: vision worker or Node. */
import { AppError } from '../../src/contracts/errors.ts';
import type { Frame } from '../../src/contracts/media.ts';
import type { ModelSpec } from '../../src/contracts/model-spec.ts';
import type { Backend } from '../../src/contracts/results.ts';
import type { Runtime } from '../../src/contracts/runtime.ts';
import { letterbox } from '../../src/core/letterbox.ts';
import { cropPixels, resizeFrame, toPixelBox } from '../../src/core/resize.ts';
import { toTensorData } from '../../src/core/tensor-layout.ts';

/** Crops that go through a net in one run: more gains nothing and holds memory. */
export const NET_BATCH = 8;

/** What a net said about some crops. */
export interface NetAnswer {
  /** The first declared output, one row a crop, in order. Copies. */
  readonly rows: readonly Float32Array<ArrayBuffer>[];
  readonly backend: Backend;
}

/**
 * Size of the picture that a net takes, in pixels.
 * @throws AppError('bug') for a net that declares none, or any.
 */
export function inputSizeOf({ id, input }: Pick<ModelSpec, 'id' | 'input'>): { widthPx: number; heightPx: number } {
  if (input === undefined) throw new AppError('bug', `${id} declares no input`);
  const [heightPx = -1, widthPx = -1] = input.layout === 'NCHW' ? input.shape.slice(2) : input.shape.slice(1, 3);
  if (widthPx < 1 || heightPx < 1) throw new AppError('bug', `${id} declares no size of its input`);
  return { widthPx, heightPx };
}

/**
 * Run an ONNX net over crops.
 * @param crops RGBA, at most {@link NET_BATCH}; not consumed. Each is made to fit as the net declares.
 * @param size of the picture, for a net that takes others than the one it declares.
 * @throws AppError('model-unavailable' | 'gpu-lost' | 'out-of-memory' | 'bug') from the net.
 */
export async function runDeclaredNet(
  crops: readonly Frame[],
  spec: ModelSpec,
  runtime: Runtime,
  { widthPx, heightPx } = inputSizeOf(spec),
): Promise<NetAnswer> {
  const { input } = spec;
  if (input?.dtype !== 'float32') throw new AppError('bug', `${spec.id} takes no float32`);
  const model = await runtime.ort(spec.id);
  // A net of a fixed batch size takes crops one by one.
  const batch = input.shape[0] === -1 ? NET_BATCH : 1;
  const perCrop = 3 * widthPx * heightPx;
  const rows: Float32Array<ArrayBuffer>[] = [];
  for (let from = 0; from < crops.length; from += batch) {
    const some = crops.slice(from, from + batch);
    const data = new Float32Array(some.length * perCrop);
    some.forEach((crop, i) => toTensorData(fitted(crop, widthPx, heightPx, input.fit), input, data, i * perCrop));
    const picture = input.layout === 'NCHW' ? [3, heightPx, widthPx] : [heightPx, widthPx, 3];
    const outputs = await model.run({ [input.name]: { type: 'float32', data, dims: [some.length, ...picture] } });
    const output = outputs[spec.outputs?.[0] ?? ''];
    if (output === undefined || !(output.data instanceof Float32Array))
      throw new AppError('bug', `${spec.id} gave no float32 ${spec.outputs?.[0] ?? 'output'}`);
    const length = output.data.length / some.length;
    for (let i = 0; i < some.length; i++) rows.push(new Float32Array(output.data.slice(i * length, (i + 1) * length)));
  }
  return { rows, backend: model.backend };
}

function fitted(crop: Frame, widthPx: number, heightPx: number, fit: 'squash' | 'cover' | 'contain' = 'squash'): Frame {
  if (fit === 'squash') return resizeFrame(crop, widthPx, heightPx);
  if (fit === 'contain') return letterbox(crop, widthPx, heightPx).frame;
  const scale = Math.max(widthPx / crop.widthPx, heightPx / crop.heightPx);
  const width = widthPx / scale / crop.widthPx;
  const height = heightPx / scale / crop.heightPx;
  const middle = toPixelBox({ x: (1 - width) / 2, y: (1 - height) / 2, width, height }, crop);
  return resizeFrame(cropPixels(crop, middle), widthPx, heightPx);
}
