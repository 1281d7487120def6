/**
 * @file What the auditor teaches on a shelf: a facing or a whole group of them gets a name, an old one or a new one. The best crops of the
 * photo become gallery photos; nothing is embedded again; all of it can be taken back. Thread: page.
 */
import type { Correction } from '../contracts/history.ts';
import type { GalleryItem, LocalisedText, Product } from '../contracts/product.ts';
import type { Facing, FacingLook } from '../contracts/shelf.ts';
import type { CallOptions } from '../contracts/task.ts';
import { AppError } from '../contracts/errors.ts';
import { chooseExamples } from '../core/shelf/choose-examples.ts';
import type { GalleryChange } from '../core/shelf/rematch.ts';
import { enrolFrame } from './enrol.ts';
import { reindex, takeBack, type Memory } from './learn.ts';

/** Facings of one photo that show one product. */
export interface ShelfLesson {
  /** Corrections are remembered under it. */
  readonly photoId: string;
  /** Null where the photo is no longer kept: its keypoints are then not learnt. */
  readonly photo: Blob | null;
  readonly facings: readonly Facing[];
  /** Of the photo. */
  readonly looks: readonly FacingLook[];
}

/** A product as it is entered at the shelf. */
export interface ShelfProduct {
  readonly name: LocalisedText;
  readonly brand?: string;
  readonly category?: string;
  readonly isOwnLabel?: boolean;
  /** GTIN-14s. */
  readonly gtins: readonly string[];
}

/** What was learnt, and what takes it back. */
export interface ShelfTeaching {
  readonly product: Product;
  readonly corrections: readonly Correction[];
  /** For `rematch` of the looks of this visit. */
  readonly change: GalleryChange;
}

/**
 * Name facings.
 * @param target id of a known product, or a new product.
 * @throws AppError('invalid-input') for a product that is not on this device, or facings none of which was looked at;
 * AppError('quota-exceeded') and what the workers throw, with nothing learnt.
 */
export async function teachFacings(
  lesson: ShelfLesson,
  target: string | ShelfProduct,
  memory: Memory,
  call: CallOptions = {},
): Promise<ShelfTeaching> {
  const examples = chooseExamples(lesson.facings, lesson.looks);
  if (examples.length === 0) throw new AppError('invalid-input', 'none of the facings was looked at', { stage: 'store' });
  const known = typeof target === 'string' ? await memory.products.byId(target) : null;
  if (typeof target === 'string' && known === null)
    throw new AppError('invalid-input', 'the product is not on this device', { stage: 'store' });
  const product = known ?? newProduct(target as ShelfProduct);
  // All pixels are read before anything is written.
  const items = await describe(lesson, examples, product, memory, call);
  const corrections: Correction[] = [];
  try {
    if (known === null) await memory.products.put([product]);
    for (const [i, item] of items.entries()) {
      const wasRight = examples[i]!.identity?.productId === product.id;
      const kind = known === null && i === 0 ? 'added' : wasRight ? 'confirmed' : 'corrected';
      const correction = { id: crypto.randomUUID(), historyId: lesson.photoId, atMs: Date.now(), kind, productId: product.id } as const;
      await memory.corrections.add({ ...correction, galleryId: item.id }, item);
      corrections.push({ ...correction, galleryId: item.id });
    }
  } catch (error) {
    for (const correction of [...corrections].reverse()) await takeBack(correction, memory);
    if (known === null) await memory.products.remove([product.id]);
    throw error;
  }
  await reindex(memory, call);
  return { product, corrections, change: { added: items, removed: [] } };
}

/** Take a teaching back, a new product included. Undoing twice is harmless. @returns the change for `rematch`. */
export async function unteachFacings(
  { corrections }: Pick<ShelfTeaching, 'corrections'>,
  memory: Memory,
  call: CallOptions = {},
): Promise<GalleryChange> {
  for (const correction of [...corrections].reverse()) await takeBack(correction, memory);
  await reindex(memory, call);
  return { added: [], removed: corrections.flatMap(({ galleryId }) => galleryId ?? []) };
}

function newProduct({ name, brand, category, isOwnLabel, gtins }: ShelfProduct): Product {
  return {
    ...{ id: `user:${crypto.randomUUID()}`, name, gtins: [...gtins], kind: 'packaged', packWords: [], source: 'user' },
    ...(brand === undefined ? {} : { brand }),
    ...(category === undefined ? {} : { category }),
    ...(isOwnLabel === undefined ? {} : { isOwnLabel }),
    updatedAtMs: Date.now(),
  };
}

/** Examples as gallery photos. Their looks are known; keypoints are found in the photo, which is open for as long as that takes. */
async function describe(
  { photo, looks }: ShelfLesson,
  examples: readonly Facing[],
  product: Product,
  { vision }: Pick<Memory, 'vision'>,
  call: CallOptions,
): Promise<GalleryItem[]> {
  const lookOf = (facing: Facing) => looks.find(({ facingId }) => facingId === facing.id)!.look;
  const galleryIds = examples.map(() => `user:${crypto.randomUUID()}`);
  if (photo === null)
    return examples.map((facing, i): GalleryItem => {
      const { embedding, ...rest } = lookOf(facing);
      const { space, vector } = embedding;
      return { ...{ id: galleryIds[i]!, productId: product.id, space, vector, features: null, source: 'user' }, ...rest };
    });
  const { frameId } = await vision.open(photo, call);
  try {
    const items: GalleryItem[] = [];
    for (const [i, facing] of examples.entries())
      items.push(
        await enrolFrame(
          vision,
          frameId,
          // Words of one facing take longer to read than all facings take to be named.
          { galleryId: galleryIds[i]!, product, source: 'user', box: facing.box, look: lookOf(facing), hasWords: false },
          call,
        ),
      );
    return items;
  } finally {
    await vision.close(frameId);
  }
}
