/**
 * @file Secrets of keys: made, taken apart, hashed, compared.
 * [Note: No slow hash] A secret is 256 random bits. A slow hash (scrypt, Argon2) buys time against guessing words that people choose; nobody
 * guesses 256 bits, and a slow hash for each request would be a way to exhaust the server. SHA-256 keeps a copied database from
 * being a set of keys. Secrets are found by their public id and then compared in constant time.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/** @returns 80 random bits as 16 letters and digits that nobody mixes up. */
export function randomId(): string {
  return [...randomBytes(16)].map((byte) => ALPHABET[byte % 32]!).join('');
}

/** A new secret and what is stored of it. */
export interface NewSecret {
  readonly secret: string;
  readonly hash: Uint8Array;
}

/** @param id public part. */
export function newKeySecret(id: string): NewSecret {
  const secret = `mk_${id}_${randomBytes(32).toString('base64url')}`;
  return { secret, hash: hashSecret(secret) };
}

/** A token that claims an approved key once. */
export function newClaimToken(): NewSecret {
  const secret = `mc_${randomBytes(32).toString('base64url')}`;
  return { secret, hash: hashSecret(secret) };
}

/** [Note: No slow hash] */
export function hashSecret(secret: string): Uint8Array {
  return createHash('sha256').update(secret).digest();
}

/** @returns true when the secret is the one that was hashed; takes as long either way. */
export function matchesHash(secret: string, hash: Uint8Array): boolean {
  const given = hashSecret(secret);
  return given.length === hash.length && timingSafeEqual(given, hash);
}

/** @returns the public id of a well-formed secret, or null. */
export function idOfSecret(secret: string): string | null {
  return /^mk_([a-z2-7]{16})_[\w-]{43}$/.exec(secret)?.[1] ?? null;
}
