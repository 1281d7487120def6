/**
 * @file The index at scale, over HTTP, against a real server process: ingest, build, search, filter, restart, mixed load, and peers
 * in memory side by side. `npm run bench -- --only index [--count 200000] [--dimensions 128] [--full]`
 */
import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { tableToIPC } from 'apache-arrow';
import { itemTable } from '../../../server/vectors/item-rows.ts';
import { collectionStateSchema, ingestProgressSchema, type CollectionState } from '../../../src/contracts/server-api.ts';
import type { BenchRow } from '../row.ts';
import { ClusteredVectors } from './clustered-vectors.ts';
import { bytesIn, startMeasured, type MeasuredServer } from './measured-server.ts';
import { Nearest, agreement } from './nearest.ts';
import type { PeerFigures } from './peer.ts';

/** What to measure. */
export interface IndexBench {
  readonly count: number;
  readonly dimensions: number;
  readonly hasPeers: boolean;
}

const COLLECTION = 'bench';
const SPACE = 'bench-embedding@1';
const FIELDS = { bucket: 'int', seenAt: 'int' } as const;
const BUCKETS = 100;
const BLOCK = 65_536;
const TRUTH = 100;
/** Blocks that queries are taken from. */
const SOURCE_BLOCKS = 4;
/** Searches that are asked once more without the truth, for the times. */
const TIMED = 600;
const MIXED_S = 20;
const MIXED_CLIENTS = 8;
const UPSERTS_PER_S = 200;
/** After this the server has removed the versions of a table that nobody reads any more. */
const CLEANED_UP_MS = 90_000;

// Resting connections are given up before the server closes them: a request on one that it closes at that moment fails.
const agent = new Agent({ keepAlive: true, maxSockets: 64, timeout: 5_000 });
const exec = promisify(execFile);

/** @returns rows to print. What each limit is comes from the aims in docs/server.md. */
export async function index({ count, dimensions, hasPeers }: IndexBench): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'mekiki-bench-'));
  try {
    return await measure({ count, dimensions, hasPeers }, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure({ count, dimensions, hasPeers }: IndexBench, folder: string): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  const note = (what: string, ours: string, limit = '', ratio = '') => {
    console.log(`  ${what}: ${ours}${limit === '' ? '' : ` (${limit})`}${ratio === '' ? '' : ` ${ratio}`}`);
    rows.push({ what: `index, ${count} × ${dimensions}: ${what}`, ours, theirs: limit, ratio });
  };
  const vectors = new ClusteredVectors(dimensions, count);
  const data = join(folder, 'data');
  const blocks = join(folder, 'blocks');
  await mkdir(data);
  await mkdir(blocks);

  // Queries lie near items of a few blocks from all over the set.
  const sources = new Float32Array(TRUTH * dimensions);
  const perBlock = TRUTH / SOURCE_BLOCKS;
  for (let part = 0; part < SOURCE_BLOCKS; part++) {
    const first = Math.floor((part * count) / SOURCE_BLOCKS / BLOCK) * BLOCK;
    const block = vectors.block(first, Math.min(BLOCK, count - first));
    const step = Math.floor(block.length / dimensions / perBlock);
    for (let n = 0; n < perBlock; n++)
      sources.set(block.subarray(n * step * dimensions, (n * step + 1) * dimensions), (part * perBlock + n) * dimensions);
  }
  const queries = vectors.queriesNear(sources);
  const truth = new Nearest(queries, dimensions, 100);
  const narrow = new Nearest(queries, dimensions, 10);
  const half = new Nearest(queries, dimensions, 10);
  const bodies: string[] = [];
  for (let first = 0; first < count; first += BLOCK) {
    const size = Math.min(BLOCK, count - first);
    const block = vectors.block(first, size);
    truth.add(block, first);
    narrow.add(block, first, (row) => bucketOf(row) === 7);
    half.add(block, first, (row) => row < count / 2);
    const items = Array.from({ length: size }, (_, n) => ({
      id: `item-${first + n}`,
      productId: `product-${(first + n) % 1000}`,
      metadata: { bucket: bucketOf(first + n), seenAt: first + n },
      vector: block.subarray(n * dimensions, (n + 1) * dimensions),
    }));
    const name = join(blocks, String(first).padStart(12, '0'));
    await writeFile(`${name}.arrow`, tableToIPC(itemTable({ dimensions, fields: FIELDS }, items), 'stream'));
    if (hasPeers) await writeFile(`${name}.f32`, Buffer.from(block.buffer, block.byteOffset, block.byteLength));
    bodies.push(`${name}.arrow`);
  }
  await writeFile(join(blocks, 'queries.bin'), Buffer.from(queries.buffer));
  note('cos of a query to its 1st, 10th, 100th neighbour', [0, 9, 99].map((rank) => truth.meanScore(rank).toFixed(2)).join(', '));

  let server = await startMeasured(data);
  try {
    const body = { name: COLLECTION, space: SPACE, dimensions, metric: 'cosine', fields: FIELDS };
    await call(server, 'POST', '/collections', Buffer.from(JSON.stringify(body)));

    await server.lag();
    let from = performance.now();
    for (const [n, file] of bodies.entries()) {
      const path = `/collections/${COLLECTION}/ingest?job=bench&space=${SPACE}&from=${n * BLOCK}&last=${n === bodies.length - 1}`;
      const answer = await call(server, 'POST', path, await readFile(file), 'application/vnd.apache.arrow.stream');
      const progress = ingestProgressSchema.parse(JSON.parse(answer.trim().split('\n').at(-1)!));
      if (progress.problem !== null) throw new Error(progress.problem);
    }
    const ingestS = (performance.now() - from) / 1000;
    note(
      'bulk ingest, durable and searchable',
      `${Math.round(count / ingestS)} vectors/s, ${server.cpuS().toFixed(0)} CPU-s`,
      '≥ 50,000/s',
    );
    note('… event-loop lag', lateness(await server.lag()), 'p99 ≤ 20 ms');
    from = performance.now();
    const cpuBefore = server.cpuS();
    const state = await settled(server);
    const built = `${((performance.now() - from) / 1000).toFixed(0)} s, ${(server.cpuS() - cpuBefore).toFixed(0)} CPU-s`;
    note('merge files, index ids and fields, train', built, '≤ 600 s at 7 M');
    note('search is', `${state.index.search}, stored vectors that find themselves ${state.index.selfFound01?.toFixed(3) ?? '–'}`);

    await searchAll(server, queries, dimensions); // Warm.
    const plain = await searchAll(server, queries, dimensions);
    const scores = agreement(truth, plain.answers);
    note('top-1 agreement with exact', scores.top1.toFixed(3), '≥ 0.99');
    note('recall@10', scores.recall10.toFixed(3), '≥ 0.85');
    const timed = await searchMany(server, queries, dimensions, TIMED);
    note('search over HTTP, one at a time, k = 10', spread(timed), 'p50 ≤ 10 ms, p99 ≤ 60 ms');
    const one = await searchAll(server, queries, dimensions, { eq: { bucket: 7 } });
    note('1 % filter: recall@10', agreement(narrow, one.answers).recall10.toFixed(3), '≥ 0.9');
    note('1 % filter: time', spread(one.times), 'p99 ≤ 60 ms');
    const range = await searchAll(server, queries, dimensions, { range: { seenAt: { lt: Math.ceil(count / 2) } } });
    const rangeScores = agreement(half, range.answers);
    note('50 % time range: top-1, recall@10', `${rangeScores.top1.toFixed(3)}, ${rangeScores.recall10.toFixed(3)}`);
    note('50 % time range: time', spread(range.times), 'p99 ≤ 60 ms');
    await sleep(CLEANED_UP_MS);
    const { residentMb, anonymousMb, peakMb } = server.memory();
    note('resident', `${residentMb.toFixed(0)} MB (${anonymousMb.toFixed(0)} anonymous), peak ${peakMb.toFixed(0)} MB`, '≤ 1500 MB');
    note('disk', `${((await bytesIn(data)) / 1e9).toFixed(2)} GB`, '≤ 5 GB at 7 M');

    await mixed(server, queries, dimensions, count, note);

    await server.stop('SIGKILL');
    from = performance.now();
    server = await startMeasured(data);
    await search(server, queries.subarray(0, dimensions), 10);
    note('kill -9, start, first answer', `${((performance.now() - from) / 1000).toFixed(1)} s`, '≤ 3 s');
    note('resident after the first answer', `${server.memory().residentMb.toFixed(0)} MB`);
    const after = await searchAll(server, queries, dimensions);
    note('top-1 agreement after the restart', agreement(truth, after.answers).top1.toFixed(3));
  } finally {
    await server.stop('SIGKILL');
  }
  await rm(data, { recursive: true, force: true });
  // Engines to compare with are not dependencies: one of them needs a compiler. `npm i --no-save usearch hnswlib-node` brings them.
  if (hasPeers) for (const name of ['brute force', 'usearch', 'hnswlib-node']) await peer(name, blocks, dimensions, count, truth, note);
  return rows;
}

type Note = (what: string, ours: string, limit?: string, ratio?: string) => void;

/** Searches from several clients while upserts go in. */
async function mixed(server: MeasuredServer, queries: Float32Array, dimensions: number, count: number, note: Note): Promise<void> {
  await server.lag();
  const times: number[] = [];
  const upserts: number[] = [];
  const end = performance.now() + MIXED_S * 1000;
  const clients = Array.from({ length: MIXED_CLIENTS }, async (_, client) => {
    for (let n = client; performance.now() < end; n += MIXED_CLIENTS) {
      const at = (n % TRUTH) * dimensions;
      const from = performance.now();
      await search(server, queries.subarray(at, at + dimensions), 10);
      times.push(performance.now() - from);
    }
  });
  let written = 0;
  const writes: Promise<void>[] = [];
  const perTick = UPSERTS_PER_S / 20;
  for (let tick = 0; performance.now() < end; tick++) {
    const items = Array.from({ length: perTick }, (_, n) => {
      const at = ((tick * perTick + n) % TRUTH) * dimensions;
      return {
        id: `new-${tick}-${n}`,
        productId: 'product-0',
        metadata: { bucket: n, seenAt: count + tick },
        vector: Array.from(queries.subarray(at, at + dimensions), (value, d) => -value + d / 1000),
      };
    });
    const from = performance.now();
    writes.push(
      call(server, 'POST', `/collections/${COLLECTION}/items`, Buffer.from(JSON.stringify({ space: SPACE, items }))).then(() => {
        upserts.push(performance.now() - from);
        written += perTick;
      }),
    );
    await sleep(Math.max(0, 50 - (performance.now() - from)));
  }
  await Promise.all([...clients, ...writes]);
  const lag = await server.lag();
  note(
    'searches/s while upserts go in',
    `${(times.length / MIXED_S).toFixed(0)}/s with ${(written / MIXED_S).toFixed(0)} upserts/s`,
    '≥ 150/s with 200/s',
  );
  note('… search', spread(times), 'p99 ≤ 150 ms');
  note('… upsert of ten, durable and searchable', spread(upserts));
  note('… event-loop lag', lateness(lag), 'p99 ≤ 20 ms');
  const { residentMb, peakMb } = server.memory();
  note('… resident', `${residentMb.toFixed(0)} MB, peak ${peakMb.toFixed(0)} MB`);
}

async function peer(name: string, blocks: string, dimensions: number, count: number, truth: Nearest, note: Note): Promise<void> {
  const script = fileURLToPath(new URL('peer.ts', import.meta.url));
  const args = ['--import', 'tsx', script, name, blocks, String(dimensions), String(count)];
  try {
    const { stdout } = await exec(process.execPath, args, { maxBuffer: 64 << 20 });
    const { buildS, buildCpuS, residentMb, p50Ms, answers } = JSON.parse(stdout) as PeerFigures;
    const { top1, recall10 } = agreement(truth, answers);
    note(
      `beside: ${name}, in memory, no HTTP`,
      `build ${buildS.toFixed(0)} s (${buildCpuS.toFixed(0)} CPU-s), ${residentMb.toFixed(0)} MB, p50 ${p50Ms.toFixed(2)} ms, top-1 ${top1.toFixed(3)}, recall@10 ${recall10.toFixed(3)}`,
    );
  } catch (error) {
    const reason =
      String((error as { stderr?: unknown }).stderr ?? error)
        .split('\n')
        .find((line) => line.includes('Error')) ?? 'failed';
    note(`beside: ${name}`, `not measured: ${reason.slice(0, 120)}`);
  }
}

/** Waits until the maintenance that an ingest asks for has ended. */
async function settled(server: MeasuredServer): Promise<CollectionState> {
  for (;;) {
    await sleep(1000);
    const state = collectionStateSchema.parse(JSON.parse(await call(server, 'GET', `/collections/${COLLECTION}`)));
    if (!state.index.isMaintaining && state.index.selfFound01 !== null) return state;
  }
}

type BenchFilter = Readonly<Record<string, unknown>>;

async function searchAll(server: MeasuredServer, queries: Float32Array, dimensions: number, filter?: BenchFilter) {
  const answers: number[][] = [];
  const times: number[] = [];
  for (let at = 0; at < queries.length; at += dimensions) {
    const from = performance.now();
    answers.push(await search(server, queries.subarray(at, at + dimensions), 10, filter));
    times.push(performance.now() - from);
  }
  return { answers, times };
}

async function searchMany(server: MeasuredServer, queries: Float32Array, dimensions: number, count: number): Promise<number[]> {
  const times: number[] = [];
  while (times.length < count) times.push(...(await searchAll(server, queries, dimensions)).times);
  return times;
}

/** @returns rows of the matches, best first. */
async function search(server: MeasuredServer, vector: Float32Array, k: number, filter?: BenchFilter): Promise<number[]> {
  const body = JSON.stringify({ space: SPACE, vector: Array.from(vector), k, ...(filter === undefined ? {} : { filter }) });
  const answer = await call(server, 'POST', `/collections/${COLLECTION}/search`, Buffer.from(body));
  const { matches } = JSON.parse(answer) as { matches: { id: string }[] };
  return matches.map(({ id }) => (id.startsWith('item-') ? Number(id.slice(5)) : -1));
}

/** One request over a kept connection. @throws with the answer when it is no good one. */
function call(server: MeasuredServer, method: string, path: string, body?: Buffer, type = 'application/json'): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': type, 'content-length': body.length };
    const sent = request(`${server.url}/v1${path}`, { agent, method, headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        if ((answer.statusCode ?? 500) < 300) resolve(text);
        else reject(new Error(`${method} ${path}: ${answer.statusCode ?? 0} ${text.slice(0, 300)}`));
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** A field whose values are spread over the set as hashes are. */
function bucketOf(row: number): number {
  return ((Math.imul(row + 1, 0x9e3779b1) >>> 8) & 0xffffff) % BUCKETS;
}

function lateness({ p50, p99, max }: Awaited<ReturnType<MeasuredServer['lag']>>): string {
  return `p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)}, max ${max.toFixed(0)} ms`;
}

function spread(times: readonly number[]): string {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return `p50 ${at(0.5).toFixed(1)}, p99 ${at(0.99).toFixed(1)}, max ${at(1).toFixed(0)} ms (${times.length})`;
}
