/**
 * @file One in-memory index of another library over the same vectors, in a process of its own: `peer.ts <engine> <folder> <dimensions>
 * <rows>`. Prints a line of JSON: build time, memory, time of a search, answers.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** What a peer measured. */
export interface PeerFigures {
  readonly buildS: number;
  readonly buildCpuS: number;
  readonly residentMb: number;
  readonly p50Ms: number;
  readonly answers: readonly (readonly number[])[];
}

interface Peer {
  add(first: number, block: Float32Array): void;
  search(query: Float32Array): number[];
}

const K = 10;
const [engine = '', folder = '', dimensionsText = '', rowsText = ''] = process.argv.slice(2);
const dimensions = Number(dimensionsText);
const rows = Number(rowsText);

const peer = await open(engine);
const cpu = process.cpuUsage();
let buildMs = 0;
let first = 0;
for (const name of readdirSync(folder)
  .filter((one) => one.endsWith('.f32'))
  .sort()) {
  const bytes = readFileSync(join(folder, name));
  const block = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const from = performance.now();
  peer.add(first, block);
  buildMs += performance.now() - from;
  first += block.length / dimensions;
}
const used = process.cpuUsage(cpu);
const bytes = readFileSync(join(folder, 'queries.bin'));
const queries = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
const times: number[] = [];
const answers: number[][] = [];
for (let at = 0; at < queries.length; at += dimensions) {
  const query = queries.subarray(at, at + dimensions);
  const from = performance.now();
  answers.push(peer.search(query));
  times.push(performance.now() - from);
}
times.sort((a, b) => a - b);
const figures: PeerFigures = {
  buildS: buildMs / 1000,
  buildCpuS: (used.user + used.system) / 1e6,
  residentMb: process.memoryUsage().rss / 1e6,
  p50Ms: times[Math.floor(times.length / 2)] ?? Number.NaN,
  answers,
};
console.log(JSON.stringify(figures));

async function open(name: string): Promise<Peer> {
  if (name === 'usearch') {
    const { Index, MetricKind, ScalarKind } = (await import(name)) as {
      Index: new (options: object) => {
        add(keys: BigUint64Array, vectors: Float32Array, threads: number): void;
        search(vector: Float32Array, k: number, threads: number): { keys: BigUint64Array };
      };
      MetricKind: { Cos: string };
      ScalarKind: { BF16: string };
    };
    // bf16 and these widths: see the measurements in docs/server.md; narrower ones lose top-1 on clustered vectors.
    const index = new Index({
      metric: MetricKind.Cos,
      quantization: ScalarKind.BF16,
      connectivity: 16,
      expansion_add: 96,
      expansion_search: 256,
      dimensions,
    });
    return {
      add: (from, block) =>
        index.add(
          BigUint64Array.from({ length: block.length / dimensions }, (_, n) => BigInt(from + n)),
          block,
          2,
        ),
      search: (query) => [...index.search(query, K, 1).keys].map(Number),
    };
  }
  if (name === 'hnswlib-node') {
    const { default: hnswlib } = (await import(name)) as {
      default: {
        HierarchicalNSW: new (
          space: string,
          dimensions: number,
        ) => {
          initIndex(options: object): void;
          setEf(ef: number): void;
          addPoint(point: number[], label: number): void;
          searchKnn(query: number[], k: number): { neighbors: number[] };
        };
      };
    };
    const index = new hnswlib.HierarchicalNSW('ip', dimensions);
    index.initIndex({ maxElements: rows, m: 16, efConstruction: 96 });
    index.setEf(256);
    return {
      add: (from, block) => {
        for (let n = 0; n * dimensions < block.length; n++)
          index.addPoint(Array.from(block.subarray(n * dimensions, (n + 1) * dimensions)), from + n);
      },
      search: (query) => index.searchKnn(Array.from(query), K).neighbors,
    };
  }
  const blocks: Float32Array[] = [];
  return {
    add: (_from, block) => blocks.push(block),
    search: (query) => {
      const best: { row: number; score: number }[] = [];
      let row = 0;
      for (const block of blocks)
        for (let at = 0; at < block.length; at += dimensions, row++) {
          let [a, b] = [0, 0];
          for (let i = 0; i < dimensions; i += 2) {
            a += block[at + i]! * query[i]!;
            b += block[at + i + 1]! * query[i + 1]!;
          }
          const score = a + b;
          if (best.length === K && score <= best[K - 1]!.score) continue;
          best.push({ row, score });
          best.sort((one, other) => other.score - one.score);
          best.length = Math.min(K, best.length);
        }
      return best.map((one) => one.row);
    },
  };
}
