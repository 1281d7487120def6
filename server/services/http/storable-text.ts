/**
 * @file Text that comes back as it was stored. Zeros end a text for SQLite, and halves of surrogate pairs have no UTF-8: what was kept would be
 * another text than what was sent, or one that its own schema refuses when it is read.
 */

/** Finds in JSON what may stand for a zero or half a character; escaped backslashes make it find too much. */
const SUSPICIOUS = /\\u(0000|d[89a-f][0-9a-f]{2})/i;
/** With the flag `u`, only halves without their other half match. */
const HALF = /\p{Surrogate}/u;

export function isStorable(text: string): boolean {
  return !text.includes('\0') && !HALF.test(text);
}

/** @param json the text that `value` was parsed from. @returns true when some text or key in it cannot be stored. */
export function holdsUnstorable(json: string, value: unknown): boolean {
  return SUSPICIOUS.test(json) && isUnstorable(value);
}

/** Not by recursion: lists may be nested deeper than the stack. */
function isUnstorable(value: unknown): boolean {
  const waiting = [value];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (typeof next === 'string' && !isStorable(next)) return true;
    if (typeof next !== 'object' || next === null) continue;
    for (const [key, inner] of Object.entries(next)) {
      if (!isStorable(key)) return true;
      waiting.push(inner);
    }
  }
  return false;
}
