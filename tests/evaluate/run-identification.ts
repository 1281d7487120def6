/** @file Kinds `identification` and `retrieval`: gallery photos are enrolled, every query goes through the one pipeline. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../src/contracts/errors.ts';
import type { LensSpec } from '../../src/contracts/lens.ts';
import type { GalleryItem, Product } from '../../src/contracts/product.ts';
import { analysePhoto } from '../../src/flow/analyse-photo.ts';
import { enrolPhoto } from '../../src/flow/enrol.ts';
import type { Dataset, DatasetItem } from './dataset.ts';
import { identificationMetrics, isLooseGoods, type IdentificationResult } from './identification.ts';
import type { NodePipeline } from './node-pipeline.ts';
import { progressLine, type KindReport } from './report.ts';
import { retrievalMetrics, type RetrievalResult } from './retrieval.ts';

type Labelled = DatasetItem & { readonly label: string };

/** Enrol the gallery. @returns queries, in the order of the file. */
async function enrolGallery(dataset: Dataset, pipeline: NodePipeline): Promise<Labelled[]> {
  const labelled = dataset.items.map((item): Labelled => {
    if (typeof item.label !== 'string' || item.role === undefined)
      throw new AppError('invalid-input', `${item.file} needs a label and a role (gallery or query)`);
    return { ...item, label: item.label };
  });
  const gallery = labelled.filter(({ role }) => role === 'gallery');
  const products = new Map<string, Product>();
  for (const { label, coarse } of gallery) {
    const kind = isLooseGoods(coarse) ? 'loose' : 'packaged';
    products.set(label, { id: label, name: { en: label }, gtins: [], kind, packWords: [], source: 'evaluate', updatedAtMs: 0 });
  }
  const progress = progressLine('enrol', gallery.length);
  const items: GalleryItem[] = [];
  for (const { file, label } of gallery) {
    const product = products.get(label)!;
    items.push(await enrolPhoto(pipeline.vision, await photoOf(dataset, file), { galleryId: file, product, source: 'evaluate' }));
    progress(items.length);
  }
  await pipeline.load([...products.values()], items);
  return labelled.filter(({ role }) => role === 'query');
}

/** `top1`, `top5`, `sure_precision`, apart for packaged and loose goods. */
export async function runIdentification(dataset: Dataset, lens: LensSpec, pipeline: NodePipeline): Promise<KindReport> {
  const queries = await enrolGallery(dataset, pipeline);
  const progress = progressLine('identify', queries.length);
  const results: IdentificationResult[] = [];
  for (const { file, label, coarse } of queries) {
    const startedAtMs = performance.now();
    const media = { id: file, blob: await photoOf(dataset, file), name: file, source: 'file', capturedAtMs: 0 } as const;
    const { identification } = await analysePhoto(media, lens, pipeline);
    results.push({
      file,
      expected: label,
      group: isLooseGoods(coarse) ? 'loose' : 'packaged',
      got: (identification?.candidates ?? []).map(({ product }) => product.id),
      certainty: identification?.certainty ?? 'not-sure',
      probability01: identification?.candidates[0]?.probability01 ?? 0,
      ms: performance.now() - startedAtMs,
    });
    progress(results.length);
  }
  return { metrics: identificationMetrics(results), items: results };
}

/** `recall_at_1`, `recall_at_5`, `recall_at_10` by look alone. */
export async function runRetrieval(dataset: Dataset, pipeline: NodePipeline): Promise<KindReport> {
  const queries = await enrolGallery(dataset, pipeline);
  const progress = progressLine('search', queries.length);
  const results: RetrievalResult[] = [];
  for (const { file, label } of queries) {
    const startedAtMs = performance.now();
    const { frameId } = await pipeline.vision.open(await photoOf(dataset, file));
    const [look] = await pipeline.vision.embed(frameId, [await pipeline.vision.proposeBox(frameId)]);
    await pipeline.vision.close(frameId);
    if (look === undefined) throw new AppError('bug', 'no look for a box');
    const matches = await pipeline.index.search({ embedding: look.embedding, colour: look.colour }, 10);
    results.push({ file, expected: label, got: matches.map(({ productId }) => productId), ms: performance.now() - startedAtMs });
    progress(results.length);
  }
  return { metrics: retrievalMetrics(results), items: results };
}

async function photoOf(dataset: Dataset, file: string): Promise<Blob> {
  return new Blob([await readFile(join(dataset.folder, file))]);
}
