/**
 * @file ONNX models of a few kilobytes, written byte by byte: they have the inputs and outputs of the real nets and answer at once, so that
 * tests of the workers need no weights. Source: onnx.proto3 of ONNX 1.15 (field numbers), Protocol Buffers encoding.
 */

/** One node of a graph. */
interface Node {
  readonly type: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly ints?: Readonly<Record<string, readonly number[]>>;
  readonly int?: Readonly<Record<string, number>>;
}

interface Weights {
  readonly name: string;
  readonly dims: readonly number[];
  readonly values: Float32Array;
}

/** Numbers are fixed sizes, names are free ones. */
type Shape = readonly (number | string)[];

interface Graph {
  readonly nodes: readonly Node[];
  readonly weights: readonly Weights[];
  readonly input: { readonly name: string; readonly shape: Shape };
  readonly outputs: readonly { readonly name: string; readonly shape: Shape }[];
}

/** @returns the same numbers for the same seed, -1..1. */
function noise(count: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => ((state = (state * 48271) % 2147483647) / 2147483647) * 2 - 1);
}

/** Mean colour → `dimensions` numbers. Crops of one colour have one vector, other colours others. */
export function tinyEmbedding(input: string, output: string, dimensions: number): Uint8Array {
  return modelOf({
    nodes: [
      { type: 'GlobalAveragePool', inputs: [input], output: 'mean' },
      { type: 'Conv', inputs: ['mean', 'weights'], output: 'mixed' },
      { type: 'Flatten', inputs: ['mixed'], output },
    ],
    weights: [{ name: 'weights', dims: [dimensions, 3, 1, 1], values: noise(dimensions * 3, 7) }],
    input: { name: input, shape: ['n', 3, 'h', 'w'] },
    outputs: [{ name: output, shape: ['n', dimensions] }],
  });
}

/** Dark pixels are text. Input is normalised, so black is about -2. */
export function tinyTextDetection(input: string, output: string): Uint8Array {
  return modelOf({
    nodes: [
      { type: 'Conv', inputs: [input, 'weights'], output: 'darkness' },
      { type: 'Sigmoid', inputs: ['darkness'], output },
    ],
    weights: [{ name: 'weights', dims: [1, 3, 1, 1], values: new Float32Array(3).fill(-4) }],
    input: { name: input, shape: ['n', 3, 'h', 'w'] },
    outputs: [{ name: output, shape: ['n', 1, 'h', 'w'] }],
  });
}

/** Dark cells of 4 × 4 pixels are facings, and gaps as well, of 22 × 22 pixels. */
export function tinyFacingDetector(input: string, output: string): Uint8Array {
  const perChannel = 3 * 4 * 4;
  const values = new Float32Array(10 * perChannel);
  const bias = new Float32Array(10);
  for (const channel of [0, 5]) {
    values.fill(-0.15, channel * perChannel, (channel + 1) * perChannel);
    bias[channel] = 2;
  }
  return modelOf({
    nodes: [{ type: 'Conv', inputs: [input, 'weights', 'bias'], output, ints: { kernel_shape: [4, 4], strides: [4, 4] } }],
    weights: [
      { name: 'weights', dims: [10, 3, 4, 4], values },
      { name: 'bias', dims: [10], values: bias },
    ],
    input: { name: input, shape: ['n', 3, 'h', 'w'] },
    outputs: [{ name: output, shape: ['n', 10, 'h4', 'w4'] }],
  });
}

/** Dark cells of 16 × 16 pixels are people of 89 × 89 pixels, dark ones of 4 × 4 are bibs of 22 × 22. */
export function tinyRunnerDetector(input: string, people: string, bibs: string): Uint8Array {
  const mapOf = (output: string, cellPx: number) => {
    const perChannel = 3 * cellPx * cellPx;
    const values = new Float32Array(5 * perChannel);
    values.fill(-12 / perChannel, 0, perChannel);
    return {
      node: {
        type: 'Conv',
        inputs: [input, `${output} weights`, `${output} bias`],
        output,
        ints: { kernel_shape: [cellPx, cellPx], strides: [cellPx, cellPx] },
      },
      weights: [
        { name: `${output} weights`, dims: [5, 3, cellPx, cellPx], values },
        { name: `${output} bias`, dims: [5], values: Float32Array.of(2, 0, 0, 0, 0) },
      ],
      output: { name: output, shape: ['n', 5, `${output} h`, `${output} w`] },
    };
  };
  const maps = [mapOf(people, 16), mapOf(bibs, 4)];
  return modelOf({
    nodes: maps.map(({ node }) => node),
    weights: maps.flatMap(({ weights }) => weights),
    input: { name: input, shape: ['n', 3, 'h', 'w'] },
    outputs: maps.map(({ output }) => output),
  });
}

/** Every eight columns of a line are some character or a blank, by their brightness. */
export function tinyLineReader(input: string, output: string, classes: number): Uint8Array {
  return modelOf({
    nodes: [
      { type: 'AveragePool', inputs: [input], output: 'steps', ints: { kernel_shape: [48, 8], strides: [48, 8] } },
      { type: 'Conv', inputs: ['steps', 'weights'], output: 'scores' },
      { type: 'Reshape', inputs: ['scores', 'flat'], output: 'rows' },
      { type: 'Transpose', inputs: ['rows'], output: 'logits', ints: { perm: [0, 2, 1] } },
      { type: 'Softmax', inputs: ['logits'], output, int: { axis: 2 } },
    ],
    weights: [
      { name: 'weights', dims: [classes, 3, 1, 1], values: noise(classes * 3, 11).map((value) => value * 40) },
      { name: 'flat', dims: [3], values: Float32Array.of(0, classes, -1) },
    ],
    input: { name: input, shape: ['n', 3, 48, 'w'] },
    outputs: [{ name: output, shape: ['n', 'steps', classes] }],
  });
}

function modelOf(graph: Graph): Uint8Array {
  const shapes = new Set(graph.nodes.flatMap(({ type, inputs }) => (type === 'Reshape' ? [inputs[1]!] : [])));
  const body = [
    ...graph.nodes.map((node) => message(1, nodeBytes(node))),
    text(2, 'tiny'),
    ...graph.weights.map((weights) => message(5, tensorBytes(weights, shapes.has(weights.name)))),
    message(11, valueBytes(graph.input)),
    ...graph.outputs.map((output) => message(12, valueBytes(output))),
  ];
  return join([number(1, 8), message(7, join(body)), message(8, join([text(1, ''), number(2, 13)]))]);
}

const ATTRIBUTE_INT = 2;
const ATTRIBUTE_INTS = 7;

function nodeBytes({ type, inputs, output, ints = {}, int = {} }: Node): Uint8Array {
  return join([
    ...inputs.map((name) => text(1, name)),
    text(2, output),
    text(3, output),
    text(4, type),
    ...Object.entries(int).map(([name, value]) => message(5, join([text(1, name), number(3, value), number(20, ATTRIBUTE_INT)]))),
    ...Object.entries(ints).map(([name, values]) =>
      message(5, join([text(1, name), ...values.map((value) => number(8, value)), number(20, ATTRIBUTE_INTS)])),
    ),
  ]);
}

const FLOAT = 1;
const INT64 = 7;

function tensorBytes({ name, dims, values }: Weights, isShape: boolean): Uint8Array {
  const raw = isShape ? new Uint8Array(BigInt64Array.from(values, BigInt).buffer) : new Uint8Array(Float32Array.from(values).buffer);
  return join([...dims.map((size) => number(1, size)), number(2, isShape ? INT64 : FLOAT), text(8, name), message(9, raw)]);
}

function valueBytes({ name, shape }: { readonly name: string; readonly shape: Shape }): Uint8Array {
  const dimensions = shape.map((size) => message(1, typeof size === 'number' ? number(1, size) : text(2, size)));
  return join([text(1, name), message(2, message(1, join([number(1, FLOAT), message(2, join(dimensions))])))]);
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest % 128) | 128);
  }
}

function number(field: number, value: number): Uint8Array {
  return join([varint(field * 8), varint(value)]);
}

function message(field: number, bytes: Uint8Array): Uint8Array {
  return join([varint(field * 8 + 2), varint(bytes.length), bytes]);
}

function text(field: number, value: string): Uint8Array {
  return message(field, new TextEncoder().encode(value));
}
