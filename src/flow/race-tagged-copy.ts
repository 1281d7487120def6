/** @file A copy of a photo with its runners in its metadata. Pixels and everything else stay byte for byte. Thread: any. */
import { AppError } from '../contracts/errors.ts';
import { removeGps } from '../core/race/exif-gps.ts';
import { withIptc } from '../core/race/iptc-keywords.ts';
import { metadataOf, readJpegHead, writeJpegHead, type JpegHead } from '../core/race/jpeg-metadata.ts';
import { isPng, PNG_SIGNATURE } from '../core/race/png-metadata.ts';
import { taggedPng } from './race-tagged-png.ts';
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
 * @param photo not changed. @returns a blob that refers to the photo's own bytes but for its metadata: nothing large is copied. A JPEG gets its words
 * in IPTC and XMP, a PNG in XMP alone.
 * @throws AppError('decode-unsupported') for what is neither or whose structure is broken; 'invalid-input' when its metadata cannot be understood
 * or takes no more. Nothing was changed then.
 */
export async function taggedCopy(photo: Blob, change: CopyChange): Promise<Blob> {
  const { facts } = change;
  if (facts === null && !change.removeGps) return photo;
  if (isPng(new Uint8Array(await photo.slice(0, PNG_SIGNATURE.length).arrayBuffer())))
    return taggedPng(photo, (packet) => changedXmp(packet, change).packet, change.removeGps);
  const head = await headOf(photo);
  const { exif, xmp, resources } = metadataOf(head);
  if (change.removeGps && exif !== null) removeGps(exif);
  const { packet, staleKeywords } = changedXmp(xmp, change);
  const words = facts === null ? null : { keywords: facts.keywords, staleKeywords, creator: facts.creator, copyright: facts.copyright };
  const wanted = { exif, xmp: packet, resources: words === null ? resources : withIptc(resources, words) };
  return new Blob([writeJpegHead(head, wanted), photo.slice(head.bodyAt)], { type: 'image/jpeg' });
}

/** @param before null: none. */
function changedXmp(
  before: string | null,
  change: CopyChange,
): { readonly packet: string | null; readonly staleKeywords: readonly string[] } {
  if (change.facts !== null) return mergeXmp(before, change.facts, change);
  return { packet: before === null ? null : (withoutPlace(before) ?? before), staleKeywords: [] };
}

async function headOf(photo: Blob): Promise<JpegHead> {
  for (let bytes = FIRST_BYTES; ; bytes *= 4) {
    const head = readJpegHead(new Uint8Array(await photo.slice(0, bytes).arrayBuffer()));
    if (head !== null) return head;
    if (bytes >= photo.size || bytes >= MAX_BYTES)
      throw new AppError('decode-unsupported', 'the JPEG ends in its head', { stage: 'store' });
  }
}
