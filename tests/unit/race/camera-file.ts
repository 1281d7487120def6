/** @file Camera files for tests: JPEGs by sharp, EXIF by libvips, RAW files put together by hand around them. */
import sharp from 'sharp';

/** A JPEG of `widthPx × heightPx`, its left half red, its right half blue, noisy enough to be long. */
export async function drawnJpeg(
  widthPx = 64,
  heightPx = 48,
  exif: Record<string, Record<string, string>> = {},
  orientation = 1,
): Promise<Uint8Array> {
  const pixels = new Uint8Array(widthPx * heightPx * 3);
  let seed = 7;
  for (let i = 0; i < widthPx * heightPx; i++) {
    seed = (seed * 48271) % 2147483647;
    const noise = seed % 60;
    const isLeft = i % widthPx < widthPx / 2;
    pixels.set([isLeft ? 190 + noise : noise, noise, isLeft ? noise : 190 + noise], i * 3);
  }
  const image = sharp(pixels, { raw: { width: widthPx, height: heightPx, channels: 3 } });
  return new Uint8Array(await image.withExif(exif).withMetadata({ orientation }).jpeg({ quality: 95 }).toBuffer());
}

/** One field: tag, type, values; a text is given as a string. */
export type Field = readonly [tag: number, type: 2 | 3 | 4 | 7, values: readonly number[] | string];

/** Directories one after the other and, behind them, pictures; fields may ask where a picture lies. */
export function drawnTiff(
  directories: (places: { picture: number[]; directory: number[] }) => readonly (readonly Field[])[],
  pictures: readonly Uint8Array[],
  { magic = 42, isLittle = true, gapBytes = 0 } = {},
): Uint8Array {
  const sizeOf = (fields: readonly Field[]): number => 2 + fields.length * 12 + 4 + fields.reduce((sum, field) => sum + outside(field), 0);
  const empty = directories({ picture: pictures.map(() => 0), directory: Array.from({ length: 9 }, () => 0) });
  const directory: number[] = [];
  let end = 8;
  for (const fields of empty) {
    directory.push(end);
    end += sizeOf(fields);
  }
  end += gapBytes;
  const picture = pictures.map((bytes) => {
    const at = end;
    end += bytes.length;
    return at;
  });
  const file = new Uint8Array(end);
  const view = new DataView(file.buffer);
  file.set(isLittle ? [0x49, 0x49] : [0x4d, 0x4d]);
  view.setUint16(2, magic, isLittle);
  view.setUint32(4, 8, isLittle);
  directories({ picture, directory }).forEach((fields, i) => {
    const at = directory[i]!;
    view.setUint16(at, fields.length, isLittle);
    let free = at + 2 + fields.length * 12 + 4;
    fields.forEach(([tag, type, values], place) => {
      const entry = at + 2 + place * 12;
      const bytes = bytesOf(type, values, isLittle);
      view.setUint16(entry, tag, isLittle);
      view.setUint16(entry + 2, type, isLittle);
      view.setUint32(entry + 4, type === 2 || type === 7 ? bytes.length : values.length, isLittle);
      if (bytes.length <= 4) file.set(bytes, entry + 8);
      else {
        view.setUint32(entry + 8, free, isLittle);
        file.set(bytes, free);
        free += bytes.length;
      }
    });
  });
  pictures.forEach((bytes, i) => file.set(bytes, picture[i]));
  return file;
}

function outside([, type, values]: Field): number {
  const { length } = bytesOf(type, values, true);
  return length <= 4 ? 0 : length;
}

function bytesOf(type: number, values: readonly number[] | string, isLittle: boolean): Uint8Array {
  if (typeof values === 'string') return new TextEncoder().encode(`${values}\0`);
  if (type === 7) return Uint8Array.from(values);
  const each = type === 3 ? 2 : 4;
  const bytes = new Uint8Array(values.length * each);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => (each === 2 ? view.setUint16(i * 2, value, isLittle) : view.setUint32(i * 4, value, isLittle)));
  return bytes;
}

/** One box of an ISO base media file. @param type four characters, or 32 hexadecimal digits of a `uuid` box. */
export function isoBox(type: string, ...parts: readonly Uint8Array[]): Uint8Array {
  const isUuid = type.length === 32;
  const name = new TextEncoder().encode(isUuid ? 'uuid' : type);
  const id = isUuid ? Uint8Array.from(type.match(/../g)!, (pair) => parseInt(pair, 16)) : new Uint8Array(0);
  const box = new Uint8Array(8 + id.length + parts.reduce((sum, { length }) => sum + length, 0));
  new DataView(box.buffer).setUint32(0, box.length);
  box.set(name, 4);
  box.set(id, 8);
  let at = 8 + id.length;
  for (const part of parts) {
    box.set(part, at);
    at += part.length;
  }
  return box;
}
