import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Product } from '../../../src/contracts/product.ts';
import type { Match, PackVerification, TextReading } from '../../../src/contracts/results.ts';
import { calibrationOf } from '../../../src/core/fuse/calibration.ts';
import { fuseEvidence, type EvidenceInput } from '../../../src/core/fuse/fuse-evidence.ts';
import { verificationStrength } from '../../../src/core/fuse/product-look.ts';

const SPACE = 'nobody-calibrated-this@1';
const { choice, look } = calibrationOf(SPACE);
/** Cosine at which a product is as likely as "none of these", with typical colour. */
const EVEN = choice.none / choice.look - look.colour * look.typicalColour;

const product = (id: string, packWords: string[] = []): Product => ({
  id,
  name: { en: id },
  gtins: [],
  kind: 'packaged',
  packWords,
  source: 'demo',
  updatedAtMs: 0,
});
const match = (productId: string, cosine: number, change: Partial<Match> = {}): Match => ({
  galleryId: `${productId}-photo`,
  productId,
  cosine,
  colour: null,
  computedOn: 'device',
  ...change,
});
const verified = (productId: string, inliers: number): PackVerification => ({
  galleryId: `${productId}-photo`,
  inliers,
  matches: 2 * inliers,
  isSamePack: inliers >= 15,
});
const reading = (...lines: string[]): TextReading => {
  let start = 0;
  const quad = [{ x: 0, y: 0 }, { x: 1, y: 0 }, { x: 1, y: 1 }, { x: 0, y: 1 }] as const; // prettier-ignore
  return {
    text: lines.join('\n'),
    lines: lines.map((text) => {
      const line = { text, start, end: start + text.length, quad, box: { x: 0, y: 0, width: 1, height: 1 }, confidence01: 0.9 };
      start = line.end + 1;
      return { ...line, engine: 'ppocr' as const, direction: 'horizontal' as const };
    }),
    script: 'japanese',
    confidence01: 0.9,
  };
};
const A = product('a');
const B = product('b');
const fuse = (input: Partial<EvidenceInput>) =>
  fuseEvidence({ barcodeProducts: [], matches: [], space: SPACE, verifications: [], text: null, words: [], products: [A, B], ...input });

describe('fuseEvidence', () => {
  it('has nothing to say without evidence', () => {
    expect(fuse({})).toEqual({ candidates: [], certainty: 'not-sure' });
  });

  it('is sure of a product whose code was read, even if it was never photographed', () => {
    const { candidates, certainty } = fuse({ barcodeProducts: [A] });
    expect(certainty).toBe('sure');
    expect(candidates.map(({ product: { id } }) => id)).toEqual(['a']);
    expect(candidates[0]?.evidence).toEqual({ barcode: 1, look: null, colour: null, text: null, samePack: null });
  });

  it('prefers, of two looks that are alike, the one whose photos show the words that were read', () => {
    const text = reading('APPLE JUICE');
    const matches = [match('a', 0.9), match('b', 0.9)];
    const words = [{ productId: 'b', similarity01: 0.8 }];
    const { candidates } = fuse({ matches, text, words, space: 'nobody-calibrated@1' });
    expect(candidates.map(({ product: { id } }) => id)).toEqual(['b', 'a']);
    expect(candidates[0]?.evidence.text).toBe(0.8);
  });

  it('is never sure between two codes', () => {
    expect(fuse({ barcodeProducts: [A, B] }).certainty).not.toBe('sure');
  });

  it('is less certain when the look says another pack than the code, and reports both', () => {
    const alone = fuse({ barcodeProducts: [A] });
    const both = fuse({
      barcodeProducts: [A],
      matches: [match('a', EVEN - 0.5), match('b', EVEN + 0.2)],
      verifications: [verified('b', 80)],
    });
    expect(both.candidates[0]?.product.id).toBe('a');
    expect(both.certainty).not.toBe('sure');
    expect(both.candidates[0]!.probability01).toBeLessThan(alone.candidates[0]!.probability01);
    const evidence = Object.fromEntries(both.candidates.map((candidate) => [candidate.product.id, candidate.evidence]));
    expect(evidence.a).toMatchObject({ barcode: 1, samePack: null });
    expect(evidence.b).toMatchObject({ barcode: 0, samePack: true });
  });

  it('does not doubt a code because the back of the pack looks unlike the photos of its front', () => {
    const { candidates, certainty } = fuse({ barcodeProducts: [A], matches: [match('a', EVEN - 0.6), match('b', EVEN - 0.4)] });
    expect([candidates[0]?.product.id, certainty]).toEqual(['a', 'sure']);
  });

  it('is not sure of a code whose pack was compared and differs', () => {
    expect(fuse({ barcodeProducts: [A], matches: [match('a', EVEN)], verifications: [verified('a', 4)] }).certainty).toBe('likely');
  });

  it('does not name a product that hardly looks like anything in the gallery', () => {
    const { certainty, candidates } = fuse({ matches: [match('a', EVEN - 0.3), match('b', EVEN - 0.35)] });
    expect(certainty).toBe('not-sure');
    expect(candidates[0]!.probability01).toBeLessThan(0.1);
  });

  it('is not sure between two like looks, and keypoints decide', () => {
    const matches = [match('a', EVEN + 0.3), match('b', EVEN + 0.29)];
    expect(fuse({ matches }).candidates[0]!.probability01).toBeLessThan(0.6);
    const { candidates } = fuse({ matches, verifications: [verified('b', 70), verified('a', 3)] });
    expect(candidates.map(({ product: { id } }) => id)).toEqual(['b', 'a']);
    expect(candidates.map(({ evidence }) => evidence.samePack)).toEqual([true, false]);
    expect(candidates[0]!.probability01).toBeGreaterThan(0.9);
  });

  it('never is sure by looks alone in a space that nobody calibrated', () => {
    expect(fuse({ matches: [match('a', 1, { colour: 1 })], verifications: [verified('a', 500)] }).certainty).not.toBe('sure');
  });

  it('lets words on the pack tell flavours apart', () => {
    const salt = product('salt', ['ポテトチップス', 'うすしお味']);
    const consomme = product('consomme', ['ポテトチップス', 'コンソメパンチ']);
    const matches = [match('salt', EVEN + 0.3), match('consomme', EVEN + 0.32)];
    const { candidates } = fuse({ products: [salt, consomme], matches, text: reading('ﾎﾟﾃﾄﾁｯﾌﾟｽ', 'うすしお味') });
    expect(candidates[0]?.product.id).toBe('salt');
    expect(candidates[0]?.evidence.text).toBeGreaterThan(candidates[1]!.evidence.text!);
  });

  it('finds a product by its words alone', () => {
    const others = Array.from({ length: 40 }, (_, i) => product(`other ${i}`, [`べつのもの${i}`]));
    const tea = product('tea', ['抹入り', 'げんまい茶']);
    const { candidates } = fuse({ products: [...others, tea], text: reading('抹入り げんまい茶', '国産') });
    expect(candidates[0]?.product.id).toBe('tea');
  });

  it('takes the device over the server for the same photo, and says who computed', () => {
    const { candidates } = fuse({
      matches: [match('a', 0.9, { computedOn: 'server' }), match('a', 0.9), match('b', 0.9, { computedOn: 'server' })],
    });
    expect(Object.fromEntries(candidates.map((candidate) => [candidate.product.id, candidate.computedOn]))).toEqual({
      a: 'device',
      b: 'server',
    });
  });

  it('leaves out gallery photos of products that are gone', () => {
    expect(fuse({ matches: [match('gone', 0.99)] }).candidates).toEqual([]);
  });

  it('always gives probabilities in order that leave room for none of these', () => {
    const anyMatch = fc.record({
      id: fc.nat(20),
      cosine: fc.double({ min: -1, max: 1, noNaN: true }),
      colour: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
    });
    fc.assert(
      fc.property(fc.array(anyMatch, { maxLength: 60 }), fc.subarray([A, B]), (matches, barcodeProducts) => {
        const products = Array.from({ length: 21 }, (_, i) => product(String(i)));
        const { candidates, certainty } = fuse({
          products,
          barcodeProducts,
          matches: matches.map(({ id, cosine, colour }, i) => match(String(id), cosine, { colour, galleryId: String(i) })),
        });
        const sum = candidates.reduce((total, { probability01 }) => total + probability01, 0);
        expect(sum).toBeLessThanOrEqual(1 + 1e-9);
        expect(candidates.length).toBeLessThanOrEqual(10);
        expect(candidates.map(({ probability01 }) => probability01)).toEqual(
          candidates.map(({ probability01 }) => probability01).sort((a, b) => b - a),
        );
        if (barcodeProducts.length === 2) expect(certainty).not.toBe('sure');
      }),
    );
  });
});

describe('verificationStrength', () => {
  it('is 0 for chance, 1 for plenty, and never falls', () => {
    expect([0, 7, 8].map(verificationStrength)).toEqual([0, 0, 0]);
    expect([60, 500].map(verificationStrength)).toEqual([1, 1]);
    fc.assert(fc.property(fc.nat(200), (inliers) => verificationStrength(inliers) <= verificationStrength(inliers + 1)));
  });
});
