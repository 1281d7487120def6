/** @file The server's Ed25519 key: what it signs can be checked by anybody who has its public half. Made at first use, mode 0600. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify, type KeyObject } from 'node:crypto';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../src/contracts/errors.ts';
import { writeDurably } from './durable-file.ts';

/** Name of the file in the data folder. */
const SIGNING_KEY_FILE = 'signing-key.pem';

/** Signs, and tells its public half. */
export interface SigningKey {
  /** SPKI, base64. */
  readonly publicKey: string;
  /** @returns Ed25519 signature, base64. */
  readonly sign: (text: string) => string;
}

/** @throws AppError('invalid-input') for a file that holds no Ed25519 key. */
export function openSigningKey(dataFolder: string): SigningKey {
  const path = join(dataFolder, SIGNING_KEY_FILE);
  if (!existsSync(path)) {
    const { privateKey } = generateKeyPairSync('ed25519');
    writeDurably(path, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), 0o600);
    chmodSync(path, 0o600);
  }
  const key = parseKey(readFileSync(path, 'utf8'));
  return {
    publicKey: createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64'),
    sign: (text) => sign(null, Buffer.from(text), key).toString('base64'),
  };
}

/** @param publicKey SPKI, base64. @returns true when the signature is of this text and key; false also for what is none. */
export function isSignedBy(publicKey: string, text: string, signature: string): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), type: 'spki', format: 'der' });
    return verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64'));
  } catch {
    return false;
  }
}

function parseKey(text: string): KeyObject {
  try {
    const key = createPrivateKey(text);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch (error) {
    throw new AppError('invalid-input', `${SIGNING_KEY_FILE} holds no private key.`, { cause: error });
  }
  throw new AppError('invalid-input', `${SIGNING_KEY_FILE} is not an Ed25519 key.`);
}
