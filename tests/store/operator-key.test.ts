import { describe, expect, it } from 'vitest';
import { forgetKey, keepKey, keptKey, type KeyPlace } from '../../src/store/operator-key.ts';

const SECRET = `mk_abcdefghijklmnop_${'x'.repeat(43)}`;
const ORIGIN = 'https://shop.test';

function place(): KeyPlace & { readonly all: Map<string, string> } {
  const all = new Map<string, string>();
  return {
    all,
    getItem: (name) => all.get(name) ?? null,
    setItem: (name, value) => void all.set(name, value),
    removeItem: (name) => void all.delete(name),
  };
}
const closed: KeyPlace = {
  getItem: () => {
    throw new DOMException('denied', 'SecurityError');
  },
  setItem: () => {
    throw new DOMException('full', 'QuotaExceededError');
  },
  removeItem: () => {
    throw new DOMException('denied', 'SecurityError');
  },
};

describe('an operator’s key that is kept', () => {
  it('is given back for its own server only, until it is forgotten', () => {
    const kept = place();
    expect(keptKey(ORIGIN, kept)).toBeNull();
    expect(keepKey(ORIGIN, SECRET, kept)).toBe(true);
    expect(keptKey(ORIGIN, kept)).toBe(SECRET);
    expect(keptKey('https://elsewhere.test', kept)).toBeNull();
    forgetKey(kept);
    expect(keptKey(ORIGIN, kept)).toBeNull();
    expect(kept.all.size).toBe(0);
  });

  it.each(['', 'null', '{', '{"origin":"https://shop.test"}', '{"origin":"https://shop.test","secret":"no key"}'])(
    'is none when it is %j',
    (value) => {
      const kept = place();
      keepKey(ORIGIN, SECRET, kept);
      for (const name of kept.all.keys()) kept.all.set(name, value);
      expect(keptKey(ORIGIN, kept)).toBeNull();
    },
  );

  it('a browser that keeps nothing says so', () => {
    expect(keepKey(ORIGIN, SECRET, closed)).toBe(false);
    expect(keptKey(ORIGIN, closed)).toBeNull();
    expect(() => forgetKey(closed)).not.toThrow();
  });
});
