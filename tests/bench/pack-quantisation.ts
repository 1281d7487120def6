/**
 * @file `node --import tsx tests/bench/pack-quantisation.ts --data <folder>`: what packs lose by a byte per dimension, on a folder of kind
 * `identification`. Every photo is embedded once; the nearest gallery photo is then looked for by float32 vectors and by what a pack
 * gives back. By look alone, without words, codes or colour.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Quantisation } from '../../src/contracts/pack.ts';
import { decodePhotos, encodePhotos, type PackPhoto } from '../../src/core/pack-photos.ts';
import { dot } from '../../src/core/vector.ts';
import { readDataset } from '../evaluate/dataset.ts';
import { openNodePipeline } from '../evaluate/node-pipeline.ts';

const PER_PART = 256;
const { values } = parseArgs({ options: { data: { type: 'string' } } });
if (values.data === undefined) throw new Error('--data <folder> of kind identification');
const dataset = await readDataset(values.data);
const { vision } = openNodePipeline();

async function embedded(file: string): Promise<Float32Array<ArrayBuffer>> {
  const { frameId } = await vision.open(new Blob([await readFile(join(dataset.folder, file))]));
  const [look] = await vision.embed(frameId, [await vision.proposeBox(frameId)]);
  await vision.close(frameId);
  return look!.embedding.vector;
}

const gallery: PackPhoto[] = [];
const queries: { label: string; vector: Float32Array }[] = [];
for (const { file, label, role } of dataset.items) {
  const vector = await embedded(file);
  if (role === 'gallery') gallery.push({ id: file, productId: String(label), vector, colour: null });
  else queries.push({ label: String(label), vector });
}

/** Gallery as a phone has it. */
function throughPack(quantisation: Quantisation): { photos: PackPhoto[]; bytes: number } {
  const parts = Array.from({ length: Math.ceil(gallery.length / PER_PART) }, (_, i) =>
    encodePhotos(gallery.slice(i * PER_PART, (i + 1) * PER_PART), quantisation),
  );
  return { photos: parts.flatMap((part) => decodePhotos(part)), bytes: parts.reduce((sum, { length }) => sum + length, 0) };
}

const nearest = (photos: readonly PackPhoto[], query: Float32Array) =>
  photos.map(({ id, productId, vector }) => ({ id, productId, cosine: dot(vector, query) })).sort((a, b) => b.cosine - a.cosine);
const exact = queries.map(({ vector }) => nearest(gallery, vector));
for (const quantisation of ['float32', 'int8'] as const) {
  const { photos, bytes } = throughPack(quantisation);
  let [top1, same, top5Shared, error] = [0, 0, 0, 0];
  queries.forEach(({ label, vector }, i) => {
    const found = nearest(photos, vector);
    const byId = new Map(found.map(({ id, cosine }) => [id, cosine]));
    if (found[0]!.productId === label) top1 += 1;
    if (found[0]!.id === exact[i]![0]!.id) same += 1;
    const five = new Set(exact[i]!.slice(0, 5).map(({ id }) => id));
    top5Shared += found.slice(0, 5).filter(({ id }) => five.has(id)).length;
    for (const { id, cosine } of exact[i]!) error = Math.max(error, Math.abs(byId.get(id)! - cosine));
  });
  const n = queries.length;
  console.log(
    `${quantisation}: top1 ${(top1 / n).toFixed(4)}, same nearest photo ${(same / n).toFixed(4)}, five nearest shared ${(top5Shared / n / 5).toFixed(4)}, ` +
      `largest change of a cosine ${error.toFixed(5)}; ${bytes} bytes for ${gallery.length} photos, ${n} queries`,
  );
}
