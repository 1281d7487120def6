import { describe, expect, it } from 'vitest';
import { seal, unseal } from '../../../server/services/secrets/envelope.ts';

const master = Buffer.alloc(32, 1);
const plain = Buffer.from('a small picture');

describe('an envelope', () => {
  it('opens with the same key and name, and no two are alike', () => {
    const first = seal(master, 'faces\na', plain);
    expect(unseal(master, 'faces\na', first)).toEqual(plain);
    expect(seal(master, 'faces\na', plain).body).not.toEqual(first.body);
    expect(Buffer.concat([first.body, first.wrapped]).includes(plain)).toBe(false);
  });

  it.each(['wrapped', 'body'] as const)('does not open when any byte of its %s was changed', (part) => {
    const sealed = seal(master, 'faces\na', plain);
    for (let index = 0; index < sealed[part].length; index++) {
      const changed = Uint8Array.from(sealed[part]);
      changed[index]! ^= 1;
      expect(() => unseal(master, 'faces\na', { ...sealed, [part]: changed })).toThrow(/does not open/);
    }
  });

  it('does not open under another key, as another record, or cut short', () => {
    const sealed = seal(master, 'faces\na', plain);
    expect(() => unseal(Buffer.alloc(32, 2), 'faces\na', sealed)).toThrow(/does not open/);
    expect(() => unseal(master, 'faces\nb', sealed)).toThrow(/does not open/);
    expect(() => unseal(master, 'faces\na', { ...sealed, body: sealed.body.subarray(0, 20) })).toThrow(/does not open/);
    const other = seal(master, 'faces\na', plain);
    expect(() => unseal(master, 'faces\na', { body: sealed.body, wrapped: other.wrapped })).toThrow(/does not open/);
  });
});
