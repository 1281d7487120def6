/**
 * @file A part of a pack: gallery photos as bytes. Pure; any thread. [Note: Layout of a photos part] Little-endian: `MKP1`; length of the
 * header (u32); header, JSON in UTF-8, filled up with spaces to a multiple of 4; vectors, `count × dimensions` int8 (each vector's largest
 * value at 127; no scale is kept, since only directions are compared) or float32; colour of each photo that has one, a byte per bin; layout of
 * each photo that has a front, int8 like the vectors.
 * The same photos give the same bytes, in whatever order they come.
 */
import { AppError } from '../contracts/errors.ts';
import { PackRefusal, type Quantisation } from '../contracts/pack.ts';
import type { GalleryItem } from '../contracts/product.ts';
import type { Front } from '../contracts/results.ts';
import { z } from 'zod';
import { normalised } from './vector.ts';

const MAGIC = 0x31_50_4b_4d;
const START_BYTES = 8;
const BYTES_PER_VALUE = { int8: 1, float32: 4 } as const;

const headerSchema = z.strictObject({
  dimensions: z.int().min(2).max(4096),
  quantisation: z.enum(['int8', 'float32']),
  colourBins: z.int().min(0).max(4096),
  /** Id, product, words (null: not read), whether its colour is known. */
  photos: z
    .array(
      z.tuple([z.string().min(1).max(200), z.string().min(1).max(200), z.array(z.string().min(1).max(40)).max(60).nullable(), z.boolean()]),
    )
    .max(1024),
  /** Since format 3; absent when no photo has a front. `aspects` of photos without one are null. */
  fronts: z
    .strictObject({ dimensions: z.int().min(2).max(4096), aspects: z.array(z.number().positive().max(1000).nullable()).max(1024) })
    .optional(),
});
type Header = z.infer<typeof headerSchema>;

/** A gallery photo as a part of photos holds it: without source and space; keypoints are in parts of their own. */
export type PackPhoto = Pick<GalleryItem, 'id' | 'productId' | 'vector' | 'colour' | 'words' | 'front'>;

/** @throws AppError('invalid-input') for photos of different dimensions or colours. */
export function encodePhotos(photos: readonly PackPhoto[], quantisation: Quantisation): Uint8Array<ArrayBuffer> {
  const sorted = [...photos].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  const dimensions = sorted[0]?.vector.length ?? 0;
  const colours = sorted.flatMap(({ colour }) => (colour === null ? [] : [colour]));
  const colourBins = colours[0]?.length ?? 0;
  const fronts = sorted.flatMap(({ front }) => front ?? []);
  const layoutDimensions = fronts[0]?.layout.length ?? 0;
  if (
    sorted.some(({ vector }) => vector.length !== dimensions) ||
    colours.some(({ length }) => length !== colourBins) ||
    fronts.some(({ layout }) => layout.length !== layoutDimensions)
  )
    throw new AppError('invalid-input', 'photos of different dimensions do not go into one part');
  const header: Header = {
    ...{ dimensions, quantisation, colourBins },
    photos: sorted.map(({ id, productId, words, colour }) => [id, productId, words === undefined ? null : [...words], colour !== null]),
    ...(fronts.length === 0
      ? {}
      : {
          fronts: {
            dimensions: layoutDimensions,
            aspects: sorted.map(({ front }) => (front === undefined ? null : roundAspect(front.aspect))),
          },
        }),
  };
  const text = new TextEncoder().encode(JSON.stringify(header));
  const headerBytes = padded(text.length);
  const count = sorted.length;
  const vectorBytes = count * dimensions * BYTES_PER_VALUE[quantisation];
  const bytes = new Uint8Array(START_BYTES + headerBytes + vectorBytes + colours.length * colourBins + fronts.length * layoutDimensions);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, headerBytes, true);
  bytes.fill(0x20, START_BYTES, START_BYTES + headerBytes);
  bytes.set(text, START_BYTES);
  let at = START_BYTES + headerBytes;
  for (const { vector } of sorted) {
    const step = largestOf(vector) / 127;
    for (const value of vector) {
      if (quantisation === 'int8') view.setInt8(at, step === 0 ? 0 : Math.round(value / step));
      else view.setFloat32(at, value, true);
      at += BYTES_PER_VALUE[quantisation];
    }
  }
  for (const colour of colours) {
    // [Note: Colour in a byte] in workers/stages/nearest.ts.
    colour.forEach((value, bin) => (bytes[at + bin] = Math.round(Math.max(0, Math.min(1, value)) * 255)));
    at += colourBins;
  }
  for (const { layout } of fronts) {
    const step = largestOf(layout) / 127 || 1;
    for (const value of layout) view.setInt8(at++, Math.round(value / step));
  }
  return bytes;
}

/**
 * @returns the photos; vectors have length 1 again, colours too.
 * @throws PackRefusal('tampered') for bytes of another layout, a wrong length, or vectors that are no vectors.
 */
export function decodePhotos(bytes: Uint8Array<ArrayBuffer>): PackPhoto[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < START_BYTES || view.getUint32(0, true) !== MAGIC) throw refusal('not a photos part');
  const headerBytes = view.getUint32(4, true);
  if (headerBytes > bytes.length - START_BYTES) throw refusal('the header is longer than the part');
  const { dimensions, quantisation, colourBins, photos, fronts } = parseHeader(bytes.subarray(START_BYTES, START_BYTES + headerBytes));
  const count = photos.length;
  const vectorsAt = START_BYTES + headerBytes;
  const vectorBytes = count * dimensions * BYTES_PER_VALUE[quantisation];
  const coloursAt = vectorsAt + vectorBytes;
  const coloured = photos.filter(([, , , hasColour]) => hasColour).length;
  const layoutsAt = coloursAt + coloured * colourBins;
  const fronted = fronts?.aspects.filter((aspect) => aspect !== null).length ?? 0;
  if (fronts !== undefined && fronts.aspects.length !== count) throw refusal('the fronts are of other photos');
  if (bytes.length !== layoutsAt + fronted * (fronts?.dimensions ?? 0)) throw refusal('the part has another length than its header says');
  let colourAt = coloursAt;
  let layoutAt = layoutsAt;
  return photos.map(([id, productId, words, hasColour], row) => {
    const vector = new Float32Array(dimensions);
    let squares = 0;
    for (let i = 0; i < dimensions; i++) {
      const at = row * dimensions + i;
      const value = quantisation === 'int8' ? view.getInt8(vectorsAt + at) : view.getFloat32(vectorsAt + at * 4, true);
      vector[i] = value;
      squares += value * value;
    }
    const length = Math.sqrt(squares);
    if (!Number.isFinite(length) || length === 0) throw refusal(`photo ${row} has no direction`);
    for (let i = 0; i < dimensions; i++) vector[i]! /= length;
    let colour: Float32Array<ArrayBuffer> | null = null;
    if (hasColour) {
      colour = normalised(Float32Array.from(bytes.subarray(colourAt, colourAt + colourBins)));
      colourAt += colourBins;
    }
    const aspect = fronts?.aspects[row] ?? null;
    let front: Front | undefined;
    if (fronts !== undefined && aspect !== null) {
      const layout = Float32Array.from({ length: fronts.dimensions }, (_, i) => view.getInt8(layoutAt + i));
      layoutAt += fronts.dimensions;
      front = { layout: normalised(layout), aspect };
    }
    return { id, productId, vector, colour, ...(words === null ? {} : { words }), ...(front === undefined ? {} : { front }) };
  });
}

function parseHeader(bytes: Uint8Array): Header {
  try {
    return headerSchema.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  } catch (error) {
    throw new PackRefusal('tampered', 'the header of a photos part cannot be read', { cause: error });
  }
}

function largestOf(vector: Float32Array): number {
  let largest = 0;
  for (const value of vector) largest = Math.max(largest, Math.abs(value));
  return largest;
}

/** The same aspect is written in the same way. */
function roundAspect(aspect: number): number {
  return Math.max(0.001, Math.round(aspect * 10_000) / 10_000);
}

function padded(length: number): number {
  return Math.ceil(length / 4) * 4;
}

function refusal(message: string): PackRefusal {
  return new PackRefusal('tampered', message);
}
