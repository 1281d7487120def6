/** @file Camera and time in a drawn JPEG, read back by an independent reader. */
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { withExif } from '../../../../src/lenses/bib/exif-segment.ts';

describe('withExif', () => {
  it('leaves a picture that others decode, with its segment', async () => {
    const plain = await sharp({ create: { width: 32, height: 16, channels: 3, background: '#c04020' } })
      .jpeg()
      .toBuffer();
    const taken = withExif(plain, 'Mekiki', 'Goal', Date.parse('2026-11-22T10:40:32.450Z'));
    const { width, height, exif } = await sharp(taken).metadata();
    expect([width, height]).toEqual([32, 16]);
    const text = exif!.toString('latin1');
    for (const part of ['Mekiki\0', 'Goal\0', '2026:11:22 10:40:32\0', '45\0']) expect(text).toContain(part);
    expect(await sharp(taken).raw().toBuffer()).toEqual(await sharp(plain).raw().toBuffer());
  });
});
