import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../src/contracts/errors.ts';
import type { FacingLook } from '../../src/contracts/shelf.ts';
import { fromLooksRow, toLooksRow } from '../../src/store/bay-photos.ts';
import { decodeLooks, encodeLooks } from '../../src/store/look-file.ts';
import { facingLook } from './shelf-fixtures.ts';

const front = (seed: number) => ({ layout: Float32Array.from([seed, seed / 2, 0]), aspect: 0.5 + seed });

function fronted(facingId: string, seed: number): FacingLook {
  const look = facingLook(facingId, seed);
  return {
    ...look,
    look: { ...look.look, front: front(seed) },
    matches: [
      { galleryId: 'g1', productId: 'a', cosine: 0.75, colour: 0.25, front: { likeness: -0.5, aspect: 2 }, computedOn: 'device' },
      { galleryId: 'g2', productId: 'a', cosine: 0.5, colour: null, computedOn: 'device' },
      { galleryId: 'far', productId: 'b', cosine: 0.125, colour: null, computedOn: 'server' },
    ],
    verifications: [{ galleryId: 'g1', inliers: 9, matches: 20, isSamePack: true }],
    words: [{ productId: 'a', named01: 0.5, shown01: 0 }],
  };
}

async function through(looks: readonly FacingLook[]): Promise<FacingLook[]> {
  return fromLooksRow(await decodeLooks(encodeLooks(toLooksRow('p', 'v', looks)!)));
}

describe('looks as a file', () => {
  it('come back as they were', async () => {
    const plain = [facingLook('f0', 0.5), facingLook('f1', 0.25)];
    expect(await through(plain)).toEqual(plain);
    const rich = [fronted('f0', 0.5), { ...fronted('f1', 0.25), matches: [], words: [] }];
    expect(await through(rich)).toEqual(rich);
  });

  it('take numbers, not digits', () => {
    const look = (i: number): FacingLook => {
      const matches = Array.from({ length: 24 }, (_, m) => ({
        ...{ galleryId: `pack:drinks/${m}.jpg`, productId: `drinks-${m}`, cosine: Math.sin(i + m), colour: Math.cos(m) ** 2 },
        ...{ front: { likeness: Math.sin(m), aspect: 0.5 }, computedOn: 'device' as const },
      }));
      const numbers = (length: number) => Float32Array.from({ length }, (_, n) => Math.sin(i * n));
      const embedding = { space: 'product-embedding@3', backend: 'wasm', vector: numbers(128) } as const;
      return {
        facingId: `photo/${i}`,
        look: { embedding, colour: numbers(256), front: { layout: numbers(144), aspect: 0.5 } },
        ...{ matches, verifications: [] },
      };
    };
    const looks = Array.from({ length: 60 }, (_, i) => look(i));
    const { size } = encodeLooks(toLooksRow('p', 'v', looks)!);
    expect(size / looks.length).toBeLessThan(2900);
    const asJson = JSON.stringify(looks, (_, value: unknown) => (value instanceof Float32Array ? [...value] : value)).length;
    expect(size).toBeLessThan(asJson / 3);
  });

  it('are refused when they are cut off, or damaged where it shows', async () => {
    const whole = new Uint8Array(await encodeLooks(toLooksRow('p', 'v', [fronted('f0', 0.5), fronted('f1', 0.25)])!).arrayBuffer());
    const refused = (bytes: Uint8Array<ArrayBuffer>) =>
      expect(decodeLooks(new Blob([bytes]))).rejects.toMatchObject({ code: 'invalid-input' });
    await refused(new Uint8Array());
    await refused(whole.slice(0, -4));
    await refused(Uint8Array.from([...whole, 0, 0, 0, 0]));
    const nan = whole.slice();
    new DataView(nan.buffer).setUint32(8 + new DataView(nan.buffer).getUint32(4, true), 0x7fc00000, true);
    await refused(nan);
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const damaged = whole.slice();
        damaged[at]! ^= change;
        // Another number is another number; whatever breaks the form is refused, and nothing else is thrown.
        await decodeLooks(new Blob([damaged])).catch((error: unknown) => expect(error).toBeInstanceOf(AppError));
      }),
      { numRuns: 200 },
    );
  });
});
