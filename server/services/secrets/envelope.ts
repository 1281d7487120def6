/**
 * @file Envelope encryption: each record has a key of its own, wrapped by the master key. Destroying the record's key makes its bytes
 * worthless at once. AES-256-GCM both times; layout: nonce (12 bytes), tag (16 bytes), ciphertext. The record's name is authenticated, so a
 * row that was moved to another record does not open.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { AppError } from '../../../src/contracts/errors.ts';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** An encrypted body and its key, wrapped. */
export interface Envelope {
  readonly wrapped: Uint8Array;
  readonly body: Uint8Array;
}

/** @param name what the body belongs to; the same is needed to open it. */
export function seal(masterKey: Uint8Array, name: string, plain: Uint8Array): Envelope {
  const key = randomBytes(32);
  return { wrapped: encrypt(masterKey, `key:${name}`, key), body: encrypt(key, `body:${name}`, plain) };
}

/** @throws AppError('model-integrity') when anything was changed, moved, or wrapped by another master key. */
export function unseal(masterKey: Uint8Array, name: string, { wrapped, body }: Envelope): Buffer {
  return decrypt(decrypt(masterKey, `key:${name}`, wrapped), `body:${name}`, body);
}

function encrypt(key: Uint8Array, name: string, plain: Uint8Array): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(name));
  const text = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), text]);
}

function decrypt(key: Uint8Array, name: string, sealed: Uint8Array): Buffer {
  try {
    const nonce = sealed.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
      .setAAD(Buffer.from(name))
      .setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
  } catch (error) {
    throw new AppError('model-integrity', 'An encrypted record does not open: it was changed, or it is of another master key.', {
      cause: error,
    });
  }
}
