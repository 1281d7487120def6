/** @file A copy of a photo with its runners in its metadata. Pixels and everything else stay byte for byte. Thread: any. */
import { AppError } from '../contracts/errors.ts';
import { removeGps } from '../core/race/exif-gps.ts';
import { withIptc } from '../core/race/iptc-keywords.ts';
import { metadataOf, readJpegHead, writeJpegHead, type JpegHead } from '../core/race/jpeg-metadata.ts';
import { mergeXmp, withoutPlace, type PhotoFacts } from './race-xmp.ts';

/** How a copy differs from its photo. */
export interface CopyChange {
  /** Null: no keywords. */
  readonly facts: PhotoFacts | null;
  readonly removeGps: boolean;
}

/** Nearly every head is shorter; a maker's notes or a colour profile may make it longer. */
const FIRST_BYTES = 256 * 1024;
const MAX_BYTES = 32 * 1024 * 1024;

/**
 * @param photo not changed. @returns a blob that refers to the photo's own bytes but for its head: nothing large is copied.
 * @throws AppError('decode-unsupported') for what is no JPEG or whose head is broken; 'invalid-input' when its metadata cannot be understood
 * or takes no more. Nothing was changed then.
 */
export async function taggedCopy(photo: Blob, change: CopyChange): Promise<Blob> {
  if (change.facts === null && !change.removeGps) return photo;
  const head = await headOf(photo);
  const { exif, xmp, resources } = metadataOf(head);
  if (change.removeGps && exif !== null) removeGps(exif);
  const { facts } = change;
  if (facts === null) {
    const clean = xmp === null ? null : (withoutPlace(xmp) ?? xmp);
    return joined(photo, head, { exif, xmp: clean, resources });
  }
  const merged = mergeXmp(xmp, facts, change);
  const words = { keywords: facts.keywords, staleKeywords: merged.staleKeywords, creator: facts.creator, copyright: facts.copyright };
  return joined(photo, head, { exif, xmp: merged.packet, resources: withIptc(resources, words) });
}

function joined(photo: Blob, head: JpegHead, wanted: Parameters<typeof writeJpegHead>[1]): Blob {
  return new Blob([writeJpegHead(head, wanted), photo.slice(head.bodyAt)], { type: 'image/jpeg' });
}

async function headOf(photo: Blob): Promise<JpegHead> {
  for (let bytes = FIRST_BYTES; ; bytes *= 4) {
    const head = readJpegHead(new Uint8Array(await photo.slice(0, bytes).arrayBuffer()));
    if (head !== null) return head;
    if (bytes >= photo.size || bytes >= MAX_BYTES)
      throw new AppError('decode-unsupported', 'the JPEG ends in its head', { stage: 'store' });
  }
}
