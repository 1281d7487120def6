/**
 * @file `node --import tsx tests/bench/pack-keypoints.ts --data <folder>`: how well packs verify a photo with fewer keypoints a gallery photo,
 * on a folder of kind `identification`. Packaged products only: each query against the gallery photos of its own product, and of others.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { LocalFeatures } from '../../src/contracts/results.ts';
import { decodeKeypoints, encodeKeypoints } from '../../src/core/keypoint-bytes.ts';
import { createNodeRuntime } from '../../server/runtime/node-runtime.ts';
import { compareFeatures } from '../../workers/stages/local-features.ts';
import { readDataset } from '../evaluate/dataset.ts';
import { isLooseGoods } from '../evaluate/identification.ts';
import { openNodePipeline } from '../evaluate/node-pipeline.ts';

const COUNTS = [32, 64, 96, 128, 192, 256, 400];
/** Gallery photos of other products for each query. */
const OTHERS = 4;
const { values } = parseArgs({ options: { data: { type: 'string' } } });
if (values.data === undefined) throw new Error('--data <folder> of kind identification');
const dataset = await readDataset(values.data);
const { vision } = openNodePipeline();
const openCv = await createNodeRuntime().openCv();

async function featuresOf(file: string): Promise<LocalFeatures> {
  const { frameId } = await vision.open(new Blob([await readFile(join(dataset.folder, file))]));
  const features = await vision.extractFeatures(frameId, await vision.proposeBox(frameId));
  await vision.close(frameId);
  return features;
}

const packaged = dataset.items.filter(({ coarse }) => !isLooseGoods(coarse));
const described: { label: string; role: string; features: LocalFeatures }[] = [];
for (const { file, label, role } of packaged)
  described.push({ label: String(label), role: String(role), features: await featuresOf(file) });
const gallery = described.filter(({ role }) => role === 'gallery');
const queries = described.filter(({ role }) => role !== 'gallery');

const pairs = queries.flatMap((query, turn) => {
  const own = gallery.filter(({ label }) => label === query.label);
  const foreign = gallery.filter(({ label }) => label !== query.label);
  const others = Array.from({ length: OTHERS }, (_, i) => foreign[(turn * 7 + i * 13) % foreign.length]!);
  return [
    ...own.map((reference) => ({ query, reference, isOwn: true })),
    ...others.map((reference) => ({ query, reference, isOwn: false })),
  ];
});
console.log(`${queries.length} queries, ${gallery.length} gallery photos of packs, ${pairs.length} pairs`);
for (const count of COUNTS) {
  const bytes = gallery.map(({ features }) => encodeKeypoints(features, count));
  const cut = new Map(gallery.map((photo, i) => [photo, decodeKeypoints(bytes[i]!)]));
  let [own, ownSame, other, otherSame] = [0, 0, 0, 0];
  const startedAtMs = performance.now();
  for (const { query, reference, isOwn } of pairs) {
    const { isSamePack } = compareFeatures('', query.features, cut.get(reference)!, openCv);
    if (isOwn) own += 1;
    else other += 1;
    if (isSamePack && isOwn) ownSame += 1;
    if (isSamePack && !isOwn) otherSame += 1;
  }
  const perPhoto = bytes.reduce((sum, { length }) => sum + length, 0) / bytes.length;
  const ms = (performance.now() - startedAtMs) / pairs.length;
  console.log(
    `${count}: own pack ${(ownSame / own).toFixed(3)} of ${own}, another's ${(otherSame / other).toFixed(3)} of ${other}; ` +
      `${Math.round(perPhoto)} bytes a photo, ${ms.toFixed(1)} ms a comparison`,
  );
}
process.exit(0);
