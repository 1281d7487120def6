/** @file What the user teaches: confirm, correct, add a product, take it back. The next search finds it. Thread: page. */
import type { IndexService, VisionService } from '../contracts/client-api.ts';
import type { Box } from '../contracts/geometry.ts';
import type { Correction } from '../contracts/history.ts';
import type { LocalisedText, Product } from '../contracts/product.ts';
import type { CallOptions } from '../contracts/task.ts';
import { AppError } from '../contracts/errors.ts';
import type { CorrectionStore } from '../store/corrections.ts';
import type { GalleryStore } from '../store/embeddings.ts';
import type { ProductStore } from '../store/products.ts';
import { enrolPhoto } from './enrol.ts';

/** Where lessons go. */
export interface Memory {
  readonly vision: VisionService;
  readonly index: IndexService;
  readonly products: ProductStore;
  readonly gallery: GalleryStore;
  readonly corrections: CorrectionStore;
}

/** A photo and what it shows. */
export interface Lesson {
  /** History entry that the photo belongs to; empty when the history is off. */
  readonly historyId: string;
  readonly photo: Blob;
  /** Region of the product in the photo; default: proposed. */
  readonly box?: Box;
}

/**
 * "Yes, that is it" or "No, it is this one": the photo becomes a gallery photo of the product.
 * @throws AppError('invalid-input') when the product is not on this device.
 */
export async function teachProduct(
  lesson: Lesson,
  productId: string,
  kind: 'confirmed' | 'corrected',
  memory: Memory,
  call: CallOptions = {},
): Promise<Correction> {
  const product = await memory.products.byId(productId);
  if (product === null) throw new AppError('invalid-input', 'the product is not on this device', { stage: 'store' });
  return learnPhoto(lesson, product, kind, memory, call);
}

/** A product as the user enters it. */
export interface NewProduct {
  readonly name: LocalisedText;
  readonly brand?: string;
  readonly kind: Product['kind'];
  /** GTIN-14s, e.g. of the code in the photo. */
  readonly gtins: readonly string[];
  /** Ingredient label as read and mended; empty when there is none. */
  readonly labelText: string;
  readonly labelLanguage: string;
  /** More photos of it, beside the lesson's. */
  readonly morePhotos: readonly Blob[];
}

/**
 * Add a product on the spot: it is found by code, look and words from now on.
 * @returns the product and the correction that undoes it.
 */
export async function addProduct(
  lesson: Lesson,
  entered: NewProduct,
  memory: Memory,
  call: CallOptions = {},
): Promise<{ product: Product; correction: Correction }> {
  const atMs = Date.now();
  const labelText = entered.labelText.trim();
  const product: Product = {
    id: `user:${crypto.randomUUID()}`,
    name: entered.name,
    ...(entered.brand === undefined ? {} : { brand: entered.brand }),
    gtins: [...entered.gtins],
    kind: entered.kind,
    packWords: [],
    ...(labelText === ''
      ? {}
      : { contents: { ingredientsText: labelText, language: entered.labelLanguage, source: 'user', updatedAtMs: atMs } }),
    source: 'user',
    updatedAtMs: atMs,
  };
  await memory.products.put([product]);
  for (const photo of entered.morePhotos) {
    const galleryId = `user:${crypto.randomUUID()}`;
    await memory.gallery.put([await enrolPhoto(memory.vision, photo, { galleryId, product, source: 'user' }, call)]);
  }
  const correction = await learnPhoto(lesson, product, 'added', memory, call);
  return { product, correction };
}

/** Take a correction back; what it taught is forgotten. Undoing twice is harmless. */
export async function unlearn(correction: Correction, memory: Memory, call: CallOptions = {}): Promise<void> {
  await takeBack(correction, memory);
  await reindex(memory, call);
}

/** {@link unlearn} before the index is told. */
export async function takeBack({ id }: Correction, memory: Pick<Memory, 'corrections' | 'gallery' | 'products'>): Promise<void> {
  const undone = await memory.corrections.undo(id);
  if (undone?.kind !== 'added') return;
  await memory.gallery.removeByProduct(undone.productId);
  await memory.products.remove([undone.productId]);
}

async function learnPhoto(
  { historyId, photo, box }: Lesson,
  product: Product,
  kind: Correction['kind'],
  memory: Memory,
  call: CallOptions,
): Promise<Correction> {
  const galleryId = `user:${crypto.randomUUID()}`;
  const item = await enrolPhoto(memory.vision, photo, { galleryId, product, source: 'user', ...(box === undefined ? {} : { box }) }, call);
  const correction: Correction = { id: crypto.randomUUID(), historyId, atMs: Date.now(), kind, productId: product.id, galleryId };
  await memory.corrections.add(correction, item);
  await reindex(memory, call);
  return correction;
}

/** The next search sees what was learnt or forgotten. */
export async function reindex(memory: Memory, call: CallOptions): Promise<void> {
  await memory.index.reload(await memory.vision.embeddingSpace(), call);
}
