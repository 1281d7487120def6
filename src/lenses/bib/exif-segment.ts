/** @file Camera and time written into a drawn JPEG, so that it goes the same way as one out of a camera. Thread: any. */

const ASCII = 2;
const LONG = 4;
const HEADER_BYTES = 8;
const ENTRY_BYTES = 12;

/**
 * @param jpeg as encoded, without an EXIF segment; copied.
 * @param takenAtMs as the camera's clock shows it, as if it were UTC.
 * @returns the same pixels with make, model, time and its hundredths.
 * Source: CIPA DC-008 (Exif 2.32), 4.5 and 4.6.
 */
export function withExif(jpeg: Uint8Array, make: string, model: string, takenAtMs: number): Uint8Array<ArrayBuffer> {
  const [day, time] = new Date(takenAtMs).toISOString().split('T') as [string, string];
  const taken = `${day.replaceAll('-', ':')} ${time.slice(0, 8)}`;
  const main = [text(0x010f, make), text(0x0110, model)];
  const mainBytes = directoryBytes(main.length + 1, main);
  const tiff = new Uint8Array([
    ...[0x4d, 0x4d, 0, 42, 0, 0, 0, HEADER_BYTES],
    ...directory([...main, { tag: 0x8769, kind: LONG, bytes: number4(HEADER_BYTES + mainBytes) }], HEADER_BYTES),
    ...directory([text(0x9003, taken), text(0x9291, time.slice(9, 11))], HEADER_BYTES + mainBytes),
  ]);
  const length = tiff.length + 8;
  const segment = [0xff, 0xe1, length >> 8, length & 255, 0x45, 0x78, 0x69, 0x66, 0, 0];
  const whole = new Uint8Array(jpeg.length + segment.length + tiff.length);
  whole.set(jpeg.subarray(0, 2));
  whole.set(segment, 2);
  whole.set(tiff, 2 + segment.length);
  whole.set(jpeg.subarray(2), 2 + segment.length + tiff.length);
  return whole;
}

interface Entry {
  readonly tag: number;
  readonly kind: number;
  readonly bytes: readonly number[];
}

function text(tag: number, value: string): Entry {
  return { tag, kind: ASCII, bytes: [...new TextEncoder().encode(value), 0] };
}

function number4(value: number): number[] {
  return [value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255];
}

function directoryBytes(entries: number, long: readonly Entry[]): number {
  return 6 + entries * ENTRY_BYTES + long.reduce((sum, { bytes }) => sum + (bytes.length > 4 ? bytes.length : 0), 0);
}

/** Entries by tag, then the values that do not fit into four bytes. */
function directory(entries: readonly Entry[], startsAt: number): number[] {
  const values: number[] = [];
  const valuesAt = startsAt + 6 + entries.length * ENTRY_BYTES;
  const rows = entries.flatMap(({ tag, kind, bytes }) => {
    const count = kind === ASCII ? bytes.length : 1;
    const inPlace = bytes.length <= 4 ? [...bytes, 0, 0, 0, 0].slice(0, 4) : number4(valuesAt + values.length);
    if (bytes.length > 4) values.push(...bytes);
    return [tag >> 8, tag & 255, 0, kind, ...number4(count), ...inPlace];
  });
  return [entries.length >> 8, entries.length & 255, ...rows, 0, 0, 0, 0, ...values];
}
