/**
 * @file An operator's key, where the operator wanted it kept in this browser. It is bound to the server that it is for, no part of backups,
 * and goes with everything else when the device's data is erased. Thread: page.
 */
import { z } from 'zod';
import { keySecretSchema } from '../contracts/keys-api.ts';

const NAME = 'mekiki-operator-key';
const keptSchema = z.strictObject({ origin: z.url(), secret: keySecretSchema });

/** What a browser keeps by name. */
export type KeyPlace = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/** @returns the secret that is kept for this server, or null. */
export function keptKey(origin: string, place: KeyPlace = localStorage): string | null {
  try {
    const kept = keptSchema.parse(JSON.parse(place.getItem(NAME) ?? 'null'));
    return kept.origin === origin ? kept.secret : null;
  } catch {
    return null; // Nothing is kept, or nothing that is understood.
  }
}

/** Keep it instead of what was kept. @returns false when this browser keeps nothing. */
export function keepKey(origin: string, secret: string, place: KeyPlace = localStorage): boolean {
  try {
    place.setItem(NAME, JSON.stringify({ origin, secret }));
    return true;
  } catch {
    return false;
  }
}

export function forgetKey(place: KeyPlace = localStorage): void {
  try {
    place.removeItem(NAME);
  } catch {
    // Nothing was kept there then.
  }
}
