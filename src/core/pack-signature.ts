/** @file Signatures of packs: Ed25519 by the browser or Node where they have it, else by @noble/ed25519. Any thread. Source: RFC 8032. */
import * as noble from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import { AppError } from '../contracts/errors.ts';
import type { SignedPack } from '../contracts/pack.ts';

noble.hashes.sha512 = sha512;

/** DER of an Ed25519 SubjectPublicKeyInfo before the 32 bytes of the key (RFC 8410). */
const SPKI_START = Uint8Array.from([0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00]);

/** @returns the text that is signed. The first line keeps a signature from being used for anything else that the key signs. */
export function packMessage(manifest: string): string {
  return `mekiki-pack 1\n${manifest}`;
}

/**
 * @param subtle who verifies; null: @noble/ed25519 alone.
 * @returns true when the manifest was signed by the key beside it. Whether that key is to be trusted is another question.
 */
export async function isSigned(
  { manifest, publicKey, signature }: SignedPack,
  subtle: SubtleCrypto | null = browserSubtle(),
): Promise<boolean> {
  const key = keyOf(publicKey);
  const signed = bytesOf(signature);
  if (key === null || signed?.length !== 64) return false;
  const message = new TextEncoder().encode(packMessage(manifest));
  const imported = await subtle?.importKey('raw', key, { name: 'Ed25519' }, false, ['verify']).catch(() => null);
  if (subtle !== null && imported != null) return subtle.verify({ name: 'Ed25519' }, imported, signed, message);
  try {
    return noble.verify(signed, message, key, { zip215: false });
  } catch {
    // Points that are not on the curve throw.
    return false;
  }
}

/**
 * What people compare: the first 16 bytes of the key's SHA-256, as eight groups of hex.
 * @throws AppError('invalid-input') for what is no Ed25519 key.
 */
export async function keyFingerprint(publicKey: string): Promise<string> {
  const key = keyOf(publicKey);
  if (key === null) throw new AppError('invalid-input', 'not an Ed25519 key');
  const hex = await sha256Hex(key);
  return hex.slice(0, 32).replaceAll(/(.{4})(?=.)/g, '$1 ');
}

/** @returns lower-case hex. */
export async function sha256Hex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** @returns the 32 bytes of an SPKI key, or null. */
function keyOf(spki: string): Uint8Array<ArrayBuffer> | null {
  const bytes = bytesOf(spki);
  if (bytes?.length !== SPKI_START.length + 32 || !SPKI_START.every((byte, at) => bytes[at] === byte)) return null;
  return bytes.slice(SPKI_START.length);
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  } catch {
    return null;
  }
}

function browserSubtle(): SubtleCrypto | null {
  return (globalThis as { crypto?: { subtle?: SubtleCrypto } }).crypto?.subtle ?? null;
}
