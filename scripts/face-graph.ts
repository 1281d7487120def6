/**
 * @file The face describing net as a tfjs graph model: `@vladmandic/face-api` ships its weights (quantised tensors with a manifest) without a graph, for it
 * builds the net in its own code. The graph is written here; the weights stay the package's bytes, with a few constants behind them.
 * Source of the net: dlib's `dnn_face_recognition_ex.cpp` (ResNet with 29 layers); as operations: face-api `src/faceRecognitionNet`.
 */
import { z } from 'zod';

const entry = z.strictObject({
  name: z.string(),
  shape: z.array(z.number().int().positive()),
  dtype: z.enum(['float32', 'int32']),
  quantization: z.strictObject({ dtype: z.literal('uint8'), scale: z.number(), min: z.number() }).optional(),
});
type Entry = z.infer<typeof entry>;
const manifestSchema = z.tuple([z.object({ weights: z.array(entry), paths: z.tuple([z.string()]) })]);

/** Name of the input: `[n, 150, 150, 3]`, see the registry. */
const INPUT = 'image';

/** Residual blocks in their order; those of `down` halve the picture and may have more channels than what comes in. */
const BLOCKS = [
  ...(['conv32_1', 'conv32_2', 'conv32_3'] as const).map((name) => ({ name, down: false })),
  { name: 'conv64_down', down: true },
  ...(['conv64_1', 'conv64_2', 'conv64_3'] as const).map((name) => ({ name, down: false })),
  { name: 'conv128_down', down: true },
  ...(['conv128_1', 'conv128_2'] as const).map((name) => ({ name, down: false })),
  { name: 'conv256_down', down: true },
  ...(['conv256_1', 'conv256_2'] as const).map((name) => ({ name, down: false })),
  { name: 'conv256_down_out', down: true },
];

type Attribute = Readonly<Record<string, unknown>>;
interface Node {
  readonly name: string;
  readonly op: string;
  readonly input?: readonly string[];
  readonly attr: Readonly<Record<string, Attribute>>;
}

/** Where a block's output stands. */
interface Place {
  readonly node: string;
  readonly side: number;
  readonly channels: number;
}

const FLOAT: Attribute = { type: 'DT_FLOAT' };
const NHWC: Attribute = { s: text('NHWC') };

/**
 * @param manifest of the package. @param weights its one file.
 * @returns both files of a tfjs graph model, the same bytes for the same input.
 * @throws Error when the manifest is not the one that this graph is for.
 */
export function faceGraph(manifest: unknown, weights: Uint8Array): { topology: string; weights: Uint8Array } {
  const [group] = manifestSchema.parse(manifest);
  const graph = new Graph(group.weights);
  const length = group.weights.reduce((sum, { shape, quantization }) => sum + product(shape) * (quantization === undefined ? 4 : 1), 0);
  if (length !== weights.byteLength) throw new Error(`The manifest speaks of ${length} bytes of weights, there are ${weights.byteLength}`);

  let at: Place = graph.convolution('conv32_down', { node: INPUT, side: 150, channels: 3 }, { isDown: true, isRelu: true });
  at = graph.pool('conv32_down/pool', 'MaxPool', at, 3);
  for (const { name, down } of BLOCKS) at = down ? graph.halving(name, at) : graph.residual(name, at);
  if (at.side !== 2 || at.channels !== 256) throw new Error('The graph does not end where it should');
  at = graph.pool('mean', 'AvgPool', at, 2);
  graph.add({ name: 'squeezed', op: 'Squeeze', input: [at.node], attr: { T: FLOAT, squeeze_dims: ints([1, 2]) } });
  const bool = { b: false };
  graph.add({ name: 'embedding', op: 'MatMul', input: ['squeezed', 'fc'], attr: { T: FLOAT, transpose_a: bool, transpose_b: bool } });
  graph.finish();

  const all = new Uint8Array(weights.byteLength + graph.constants.byteLength);
  all.set(weights);
  all.set(graph.constants, weights.byteLength);
  const model = {
    format: 'graph-model',
    generatedBy: '@vladmandic/face-api weights, graph by scripts/face-graph.ts',
    modelTopology: { node: graph.nodes, versions: {} },
    weightsManifest: [{ paths: ['weights.bin'], weights: graph.weights }],
  };
  return { topology: `${JSON.stringify(model)}\n`, weights: all };
}

/** Nodes in the order in which they are made. */
class Graph {
  readonly nodes: Node[] = [];
  readonly weights: Entry[];
  readonly #unused: Set<string>;
  readonly #constants: number[] = [];

  constructor(weights: readonly Entry[]) {
    this.weights = [...weights];
    this.#unused = new Set(weights.map(({ name }) => name));
    const dim = [-1, 150, 150, 3].map((size) => ({ size: String(size) }));
    this.add({ name: INPUT, op: 'Placeholder', attr: { dtype: FLOAT, shape: { shape: { dim } } } });
    for (const weight of weights) this.#constant(weight);
  }

  /** Little-endian int32, to stand behind the package's weights. */
  get constants(): Uint8Array {
    const view = new DataView(new ArrayBuffer(this.#constants.length * 4));
    this.#constants.forEach((value, i) => view.setInt32(i * 4, value, true));
    return new Uint8Array(view.buffer);
  }

  add(node: Node): string {
    for (const name of node.input ?? []) this.#unused.delete(name);
    this.nodes.push(node);
    return node.name;
  }

  /** 3 × 3 (the first one 7 × 7), then the scale that dlib learns in place of batch normalisation. */
  convolution(name: string, { node, side, channels }: Place, { isDown, isRelu }: { isDown: boolean; isRelu: boolean }): Place {
    const { shape } = this.#weight(`${name}/conv/filters`);
    const [size = 0, , from = 0, to = 0] = shape;
    if (from !== channels) throw new Error(`${name} takes ${from} channels and gets ${channels}`);
    const stride = isDown ? 2 : 1;
    const attr = {
      ...{ T: FLOAT, data_format: NHWC, padding: { s: text(isDown ? 'VALID' : 'SAME') } },
      ...{ strides: ints([1, stride, stride, 1]), dilations: ints([1, 1, 1, 1]) },
    };
    let out = this.add({ name: `${name}/convolution`, op: 'Conv2D', input: [node, `${name}/conv/filters`], attr });
    out = this.add({ name: `${name}/biased`, op: 'AddV2', input: [out, `${name}/conv/bias`], attr: { T: FLOAT } });
    out = this.add({ name: `${name}/scaled`, op: 'Mul', input: [out, `${name}/scale/weights`], attr: { T: FLOAT } });
    out = this.add({ name: `${name}/moved`, op: 'AddV2', input: [out, `${name}/scale/biases`], attr: { T: FLOAT } });
    if (isRelu) out = this.#relu(`${name}/relu`, out);
    return { node: out, side: isDown ? Math.floor((side - size) / 2) + 1 : side, channels: to };
  }

  residual(name: string, from: Place): Place {
    const inner = this.convolution(`${name}/conv1`, from, { isDown: false, isRelu: true });
    const outer = this.convolution(`${name}/conv2`, inner, { isDown: false, isRelu: false });
    return { ...outer, node: this.#sum(name, outer.node, from.node) };
  }

  /** A residual block at half the size: what comes in is averaged; channels and pixels that only one side has are zero in the other. */
  halving(name: string, from: Place): Place {
    const inner = this.convolution(`${name}/conv1`, from, { isDown: true, isRelu: true });
    let outer = this.convolution(`${name}/conv2`, inner, { isDown: false, isRelu: false });
    let pooled = this.pool(`${name}/pool`, 'AvgPool', from, 2);
    const missing = pooled.side - outer.side;
    if (missing > 0) outer = this.#padded(`${name}/placed`, outer, { pixels: missing, channels: 0 });
    const more = outer.channels - pooled.channels;
    if (more > 0) pooled = this.#padded(`${name}/widened`, pooled, { pixels: 0, channels: more });
    if (pooled.side !== outer.side || pooled.channels !== outer.channels) throw new Error(`${name} does not fit together`);
    return { ...outer, node: this.#sum(name, pooled.node, outer.node) };
  }

  pool(name: string, op: 'MaxPool' | 'AvgPool', { node, side, channels }: Place, size: number): Place {
    const attr = {
      ...{ T: FLOAT, data_format: NHWC, padding: { s: text('VALID') } },
      ...{ ksize: ints([1, size, size, 1]), strides: ints([1, 2, 2, 1]) },
    };
    return { node: this.add({ name, op, input: [node], attr }), side: Math.floor((side - size) / 2) + 1, channels };
  }

  /** @throws Error when weights are left that no node takes. */
  finish(): void {
    if (this.#unused.size > 0) throw new Error(`Nobody takes ${[...this.#unused].join(', ')}`);
  }

  #sum(name: string, a: string, b: string): string {
    return this.#relu(`${name}/out`, this.add({ name: `${name}/sum`, op: 'AddV2', input: [a, b], attr: { T: FLOAT } }));
  }

  #relu(name: string, from: string): string {
    return this.add({ name, op: 'Relu', input: [from], attr: { T: FLOAT } });
  }

  /** Zeros below, to the right, and as further channels. */
  #padded(name: string, { node, side, channels }: Place, more: { readonly pixels: number; readonly channels: number }): Place {
    const paddings: Entry = { name: `${name}/paddings`, shape: [4, 2], dtype: 'int32' };
    this.weights.push(paddings);
    this.#constant(paddings);
    this.#constants.push(0, 0, 0, more.pixels, 0, more.pixels, 0, more.channels);
    const out = this.add({ name, op: 'Pad', input: [node, paddings.name], attr: { T: FLOAT, Tpaddings: { type: 'DT_INT32' } } });
    return { node: out, side: side + more.pixels, channels: channels + more.channels };
  }

  #constant({ name, shape, dtype }: Entry): void {
    const type = dtype === 'int32' ? 'DT_INT32' : 'DT_FLOAT';
    const tensorShape = { dim: shape.map((size) => ({ size: String(size) })) };
    this.add({ name, op: 'Const', attr: { dtype: { type }, value: { tensor: { dtype: type, tensorShape } } } });
  }

  #weight(name: string): Entry {
    const found = this.weights.find((weight) => weight.name === name);
    if (found === undefined) throw new Error(`The manifest lacks ${name}`);
    return found;
  }
}

function ints(values: readonly number[]): Attribute {
  return { list: { i: values.map(String) } };
}

/** tfjs reads strings of a graph as base64. */
function text(value: string): string {
  return Buffer.from(value).toString('base64');
}

function product(shape: readonly number[]): number {
  return shape.reduce((all, size) => all * size, 1);
}
