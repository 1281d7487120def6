/** @file The server's Ed25519 key: what it signs can be checked by anybody who has its public half. Made at first use, mode 0600. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify, type KeyObject } from 'node:crypto';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../../src/contracts/errors.ts';
import type { Loads } from '../../repositories/loads.ts';
import { writeDurably } from '../storage/durable-file.ts';

/** Name of the file in the data folder. */
const SIGNING_KEY_FILE = 'signing-key.pem';
/** Under this name the database remembers the public half. */
const KNOWN_NAME = 'signing-key';
const WAY_ON =
  'Phones that hold packs of this server trust its own key only. Put the file back; or, to go on with another key, start once with --new-signing-key.';

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

/**
 * {@link openSigningKey}, held to the key that this data was signed with before: another one would have every phone refuse the packs.
 * @param isNewAccepted take another key than before, and remember it.
 * @throws AppError('invalid-input') for a file that is missing, or holds another key; nothing is changed then.
 */
export async function openKnownSigningKey(dataFolder: string, loads: Loads, isNewAccepted: boolean): Promise<SigningKey> {
  const known = await loads.get(KNOWN_NAME);
  if (known !== null && !isNewAccepted && !existsSync(join(dataFolder, SIGNING_KEY_FILE)))
    throw new AppError('invalid-input', `The signing key is missing: there is no ${SIGNING_KEY_FILE} in the data folder. ${WAY_ON}`);
  const key = openSigningKey(dataFolder);
  if (known === key.publicKey) return key;
  if (known !== null && !isNewAccepted)
    throw new AppError('invalid-input', `${SIGNING_KEY_FILE} is not the signing key of this data. Nothing was changed. ${WAY_ON}`);
  await loads.set(KNOWN_NAME, key.publicKey);
  return key;
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
