/**
 * @file Looks at SQLite's log before SQLite does. [Note: A damaged log] After a crash SQLite takes the log up to the first frame whose checksum
 * does not fit and ignores the rest without a word. A killed process leaves at most an unfinished transaction there; a whole one behind
 * it was acknowledged, and is lost. Format: https://www.sqlite.org/walformat.html
 */
import { open } from 'node:fs/promises';

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
/** Checksums are of big-endian words, … */
const MAGIC_BIG = 0x377f0683;
/** … or of little-endian ones. */
const MAGIC_LITTLE = 0x377f0682;

/** What is in a log. */
export interface LogInspection {
  /** Frames that SQLite will take. */
  readonly frames: number;
  /** Transactions that were finished after the first frame that does not fit: acknowledged, and lost. */
  readonly lostTransactions: number;
  /** The header does not fit: SQLite will ignore all of it. */
  readonly isHeaderDamaged: boolean;
}

/** @param path of the log. @returns null when there is none or it is empty. */
export async function inspectLog(path: string): Promise<LogInspection | null> {
  // Before the database is opened: closing this handle afterwards would drop its locks. [Note: Never close]
  const handle = await open(path, 'r').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  });
  if (handle === null) return null;
  try {
    const { size } = await handle.stat();
    if (size === 0) return null;
    const header = Buffer.alloc(HEADER_BYTES);
    await handle.read(header, 0, HEADER_BYTES, 0);
    const magic = header.readUInt32BE(0);
    const isBig = magic === MAGIC_BIG;
    const pageBytes = header.readUInt32BE(8);
    let sum = checksum(header.subarray(0, 24), isBig, [0, 0]);
    const isHeaderWhole =
      (isBig || magic === MAGIC_LITTLE) && pageBytes >= 512 && pageBytes <= 65_536 && isSum(header, 24, sum) && size >= HEADER_BYTES;
    // A log that was begun and not written is no loss.
    if (!isHeaderWhole)
      return { frames: 0, lostTransactions: 0, isHeaderDamaged: size > HEADER_BYTES && header.some((byte) => byte !== 0) };

    const frame = Buffer.alloc(FRAME_HEADER_BYTES + pageBytes);
    let frames = 0;
    let isBroken = false;
    let lostTransactions = 0;
    for (let at = HEADER_BYTES; at + frame.length <= size; at += frame.length) {
      await handle.read(frame, 0, frame.length, at);
      // A frame of an earlier round of the log: here this round ended, unless it is the damaged one.
      const isOfThisRound = frame.compare(header, 16, 24, 8, 16) === 0;
      if (!isBroken) {
        const next = checksum(frame.subarray(FRAME_HEADER_BYTES), isBig, checksum(frame.subarray(0, 8), isBig, sum));
        if (isOfThisRound && isSum(frame, 16, next)) {
          sum = next;
          frames += 1;
          continue;
        }
        isBroken = true;
      }
      if (isOfThisRound && frame.readUInt32BE(4) !== 0) lostTransactions += 1;
    }
    return { frames, lostTransactions, isHeaderDamaged: false };
  } finally {
    await handle.close();
  }
}

/** SQLite's checksum of the log: a Fibonacci-weighted sum of 32-bit words. */
function checksum(bytes: Buffer, isBig: boolean, [first, second]: readonly [number, number]): [number, number] {
  let [s0, s1] = [first, second];
  for (let at = 0; at < bytes.length; at += 8) {
    s0 = (s0 + (isBig ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at)) + s1) >>> 0;
    s1 = (s1 + (isBig ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4)) + s0) >>> 0;
  }
  return [s0, s1];
}

function isSum(bytes: Buffer, at: number, [s0, s1]: readonly [number, number]): boolean {
  return bytes.readUInt32BE(at) === s0 && bytes.readUInt32BE(at + 4) === s1;
}
