/** @file A lens' title and summary in the language shown; `LensSpec` names message keys. Thread: page. */
import { m } from '../paraglide/messages.js';

/** @returns the message; the key itself when nobody wrote it yet. */
export function lensText(key: string): string {
  const messages: Readonly<Record<string, ((inputs?: never) => string) | undefined>> = m as never;
  return messages[key]?.() ?? key;
}
