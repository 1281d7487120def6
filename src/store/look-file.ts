/**
 * @file Looks of one photo's facings as a file of a backup. [Note: Layout of looks] Little-endian: `MKL1`; length of the header (u32, a multiple of
 * 4); header, JSON in UTF-8; then float32: vectors, colours and, if the header says so, layouts and aspects, facing by facing; then the matches,
 * {@link MATCH_FIELDS} numbers each. Numbers, not digits: a facing takes a third of what it would take as JSON. Thread: page.
 */
import { z } from 'zod';
import { AppError } from '../contracts/errors.ts';
import type { EmbeddingSpace, Match } from '../contracts/results.ts';
import { spaceSchema } from '../contracts/server-api.ts';
import type { FacingLooksRow } from './db.ts';

const MAGIC = 0x31_4c_4b_4d;
const START_BYTES = 8;
/** Which gallery photo, cosine, colour, likeness of the layouts and aspect of the front (NaN: not known), 1 when the server compared. */
const MATCH_FIELDS = 6;

const idSchema = z.string().min(1).max(200);
const shareSchema = z.number().min(0).max(1);
const headerSchema = z.object({
  photoId: idSchema,
  visitId: idSchema,
  space: spaceSchema,
  backend: z.enum(['webgpu', 'wasm', 'cpu']),
  dimensions: z.int().min(2).max(4096),
  bins: z.int().min(0).max(4096),
  /** 0: without fronts. */
  cells: z.int().min(0).max(4096),
  /** Gallery photos that matches name by their place in this list. */
  photos: z.array(z.tuple([idSchema, idSchema])).max(1_000_000),
  facings: z
    .array(
      z.object({
        facingId: idSchema,
        matches: z.int().min(0).max(10_000),
        verifications: z
          .array(
            z.object({
              galleryId: idSchema,
              inliers: z.int().nonnegative(),
              matches: z.int().nonnegative(),
              isSamePack: z.boolean(),
            }),
          )
          .max(1000),
        words: z
          .array(z.object({ productId: idSchema, named01: shareSchema, shown01: shareSchema }))
          .max(1000)
          .exactOptional(),
      }),
    )
    .min(1)
    .max(20_000),
});

/** The row as a file; matches lose what float32 cannot hold. */
export function encodeLooks({ photoId, visitId, space, backend, facings, vectors, colours, fronts }: FacingLooksRow): Blob {
  const photos: [string, string][] = [];
  const placeOf = new Map<string, number>();
  const matches = facings.flatMap((facing) =>
    facing.matches.flatMap(({ galleryId, productId, cosine, colour, front, computedOn }) => {
      const key = `${galleryId}\n${productId}`;
      const place = placeOf.get(key) ?? photos.push([galleryId, productId]) - 1;
      placeOf.set(key, place);
      return [place, cosine, colour ?? NaN, front?.likeness ?? NaN, front?.aspect ?? NaN, Number(computedOn === 'server')];
    }),
  );
  const header: z.infer<typeof headerSchema> = {
    ...{ photoId, visitId, space, backend, photos },
    dimensions: vectors.length / facings.length,
    bins: colours.length / facings.length,
    cells: (fronts?.layouts.length ?? 0) / facings.length,
    facings: facings.map(({ facingId, matches: found, verifications, words }) => ({
      ...{ facingId, matches: found.length, verifications: [...verifications] },
      ...(words === undefined ? {} : { words: [...words] }),
    })),
  };
  const text = new TextEncoder().encode(JSON.stringify(header));
  const head = new Uint8Array(START_BYTES + Math.ceil(text.length / 4) * 4).fill(0x20);
  const view = new DataView(head.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, head.length - START_BYTES, true);
  head.set(text, START_BYTES);
  const ofFronts = fronts === undefined ? [] : [fronts.layouts, Float32Array.from(fronts.aspects)];
  return new Blob([head, vectors, colours, ...ofFronts, Float32Array.from(matches)], { type: 'application/octet-stream' });
}

/** @throws AppError('invalid-input') for anything that {@link encodeLooks} does not write */
export async function decodeLooks(file: Blob): Promise<FacingLooksRow> {
  const bytes = await file.arrayBuffer();
  const view = new DataView(bytes);
  if (bytes.byteLength < START_BYTES || view.getUint32(0, true) !== MAGIC) throw damaged('it is no file of looks');
  const headerBytes = view.getUint32(4, true);
  if (headerBytes % 4 !== 0 || headerBytes > bytes.byteLength - START_BYTES) throw damaged('its header is longer than it is');
  const { photoId, visitId, space, backend, dimensions, bins, cells, photos, facings } = parseHeader(
    new Uint8Array(bytes, START_BYTES, headerBytes),
  );
  const count = facings.length;
  const matches = facings.reduce((sum, facing) => sum + facing.matches, 0);
  const lengths = [count * dimensions, count * bins, count * cells, cells === 0 ? 0 : count, matches * MATCH_FIELDS];
  const from = START_BYTES + headerBytes;
  if (bytes.byteLength - from !== 4 * lengths.reduce((sum, length) => sum + length, 0)) throw damaged('its length is another than it says');
  let at = from;
  const [vectors, colours, layouts, aspects, matched] = lengths.map((length) => {
    const numbers = new Float32Array(bytes.slice(at, at + 4 * length));
    at += 4 * length;
    return numbers;
  }) as [Floats, Floats, Floats, Floats, Floats];
  if (![vectors, colours, layouts, aspects].every((numbers) => numbers.every(Number.isFinite)))
    throw damaged('it holds numbers that are none');
  let match = 0;
  return {
    ...{ photoId, visitId, backend, vectors, colours },
    space: space as EmbeddingSpace,
    facings: facings.map(({ matches: found, ...rest }) => ({
      ...rest,
      matches: Array.from({ length: found }, () => matchOf(matched.subarray(match, (match += MATCH_FIELDS)), photos)),
    })),
    ...(cells === 0 ? {} : { fronts: { layouts, aspects: [...aspects] } }),
  };
}

type Floats = Float32Array<ArrayBuffer>;

function matchOf(numbers: Float32Array, photos: readonly (readonly [string, string])[]): Match {
  const [place, cosine, colour, likeness, aspect, onServer] = numbers as unknown as [number, number, number, number, number, number];
  const photo = photos[place];
  if (photo === undefined || !Number.isFinite(cosine)) throw damaged('a match names no photo');
  return {
    ...{ galleryId: photo[0], productId: photo[1], cosine },
    colour: Number.isNaN(colour) ? null : colour,
    ...(Number.isNaN(likeness) || Number.isNaN(aspect) ? {} : { front: { likeness, aspect } }),
    computedOn: onServer === 1 ? 'server' : 'device',
  };
}

function parseHeader(bytes: Uint8Array): z.infer<typeof headerSchema> {
  try {
    return headerSchema.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  } catch (error) {
    throw damaged('its header cannot be read', error);
  }
}

function damaged(why: string, cause?: unknown): AppError {
  return new AppError('invalid-input', `looks of a shelf are damaged: ${why}`, { cause, stage: 'store' });
}
