/** @file Arithmetic on plain vectors. Pure; any thread. */

/** Dot product of two vectors of equal length; the cosine when both are unit vectors. */
export function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** Euclidean length. */
export function norm(vector: Float32Array): number {
  return Math.sqrt(dot(vector, vector));
}

/** A copy of length 1; a vector of zeros stays as it is. */
export function normalised(vector: Float32Array): Float32Array<ArrayBuffer> {
  const length = norm(vector);
  const unit = new Float32Array(vector);
  if (length > 0) for (let i = 0; i < unit.length; i++) unit[i]! /= length;
  return unit;
}

/** Mean direction of unit vectors, as a unit vector. @param vectors one or more, of equal length. */
export function meanDirection(vectors: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const sum = new Float32Array(vectors[0]?.length ?? 0);
  for (const vector of vectors) for (let i = 0; i < sum.length; i++) sum[i]! += vector[i]!;
  return normalised(sum);
}

/** True when every element is a finite number. */
export function isFiniteVector(vector: Float32Array): boolean {
  for (const value of vector) if (!Number.isFinite(value)) return false;
  return true;
}
