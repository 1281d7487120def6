/**
 * @file Keypoints of one gallery photo as bytes: what the server keeps with an item and packs carry. Pure; any thread. [Note: Layout of
 * keypoints] Little-endian: 1 (u8); length of the algorithm's name (u8); bytes of a descriptor (u16); count (u16); width over height (f32);
 * the name, ASCII; a point each, x and y as 0..65535 of the crop (u16), strongest first; then a descriptor each. 65 bytes a keypoint.
 */
import { AppError } from '../contracts/errors.ts';
import type { LocalFeatures } from '../contracts/results.ts';

const VERSION = 1;
const HEAD_BYTES = 10;
const POINT_BYTES = 4;
const LEVELS = 65_535;
/** What one photo may have: `MAX_KEYPOINTS` of `workers/stages/local-features.ts`. */
export const KEYPOINT_LIMITS = { count: 400, bytes: 32_768 } as const;

/** @param maximum keep so many, the strongest. @throws AppError('invalid-input') for features that do not fit the layout. */
export function encodeKeypoints(features: LocalFeatures, maximum: number = KEYPOINT_LIMITS.count): Uint8Array<ArrayBuffer> {
  const { algorithm, descriptorBytes, points, descriptors, aspect } = features;
  const name = new TextEncoder().encode(algorithm);
  const count = Math.min(features.count, maximum);
  if (name.length > 255 || descriptorBytes > 255 || points.length < count * 2 || descriptors.length < count * descriptorBytes)
    throw new AppError('invalid-input', 'keypoints of another form cannot be kept');
  const pointsAt = HEAD_BYTES + name.length;
  const bytes = new Uint8Array(pointsAt + count * (POINT_BYTES + descriptorBytes));
  const view = new DataView(bytes.buffer);
  view.setUint8(0, VERSION);
  view.setUint8(1, name.length);
  view.setUint16(2, descriptorBytes, true);
  view.setUint16(4, count, true);
  view.setFloat32(6, aspect, true);
  bytes.set(name, HEAD_BYTES);
  for (let i = 0; i < count * 2; i++) view.setUint16(pointsAt + i * 2, Math.round(Math.max(0, Math.min(1, points[i]!)) * LEVELS), true);
  bytes.set(descriptors.subarray(0, count * descriptorBytes), pointsAt + count * POINT_BYTES);
  return bytes;
}

/** @throws AppError('invalid-input') for bytes of another layout, or with anything before or behind it. */
export function decodeKeypoints(bytes: Uint8Array): LocalFeatures {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEAD_BYTES || bytes.length > KEYPOINT_LIMITS.bytes || view.getUint8(0) !== VERSION) throw malformed();
  const nameLength = view.getUint8(1);
  const descriptorBytes = view.getUint16(2, true);
  const count = view.getUint16(4, true);
  const aspect = view.getFloat32(6, true);
  const pointsAt = HEAD_BYTES + nameLength;
  const descriptorsAt = pointsAt + count * POINT_BYTES;
  const isWhole = bytes.length === descriptorsAt + count * descriptorBytes;
  const algorithm = String.fromCharCode(...bytes.subarray(HEAD_BYTES, pointsAt));
  if (!isWhole || count > KEYPOINT_LIMITS.count || !(aspect > 0 && Number.isFinite(aspect)) || !/^[\w.-]+$/.test(algorithm))
    throw malformed();
  const points = Float32Array.from({ length: count * 2 }, (_, i) => view.getUint16(pointsAt + i * 2, true) / LEVELS);
  return { algorithm, count, points, descriptors: Uint8Array.from(bytes.subarray(descriptorsAt)), descriptorBytes, aspect };
}

/** The strongest of the keypoints in `bytes`. @throws as {@link decodeKeypoints}. */
export function strongestKeypoints(bytes: Uint8Array, maximum: number): Uint8Array<ArrayBuffer> {
  return encodeKeypoints(decodeKeypoints(bytes), maximum);
}

function malformed(): AppError {
  return new AppError('invalid-input', 'these are no keypoints, or damaged ones');
}
