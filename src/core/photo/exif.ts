/** @file What EXIF says of a photo: when, with which camera, which way up. Pure; any thread. Source: CIPA DC-008 (EXIF 2.32) §4.6. */
import { numbersOf, readDirectory, textOf, type Tiff } from './tiff.ts';

/** What a file says of itself; null where it does not. */
export interface ExifFacts {
  /** Make, model and serial number. */
  readonly cameraLabel: string | null;
  /** What the camera's clock said, as if it were UTC, in milliseconds since 1970. */
  readonly cameraAtMs: number | null;
  /** Minutes that the camera believed to be ahead of UTC. */
  readonly cameraUtcOffsetMinutes: number | null;
  /** 1..8. */
  readonly orientation: number;
}

/** Of a file without EXIF. */
export const NO_EXIF: ExifFacts = { cameraLabel: null, cameraAtMs: null, cameraUtcOffsetMinutes: null, orientation: 1 };

const TAG = {
  make: 0x010f,
  model: 0x0110,
  orientation: 0x0112,
  dateTime: 0x0132,
  exif: 0x8769,
  dateTimeOriginal: 0x9003,
  offsetTime: 0x9010,
  offsetTimeOriginal: 0x9011,
  subSecTime: 0x9290,
  subSecTimeOriginal: 0x9291,
  bodySerialNumber: 0xa431,
} as const;

/** @param exif holds the EXIF directory first, as Canon's CR3 has it; null: it hangs below the main directory. */
export function readExif(main: Tiff, exif: Tiff | null = null): ExifFacts {
  const directory = readDirectory(main, main.first);
  if (directory === null) return NO_EXIF;
  const { fields } = directory;
  const place = exif ?? main;
  const at = exif === null ? (numbersOf(main, fields.get(TAG.exif))[0] ?? 0) : exif.first;
  const details = readDirectory(place, at)?.fields ?? new Map<number, never>();
  const original = textOf(place, details.get(TAG.dateTimeOriginal));
  const isOriginal = original !== '';
  const [orientation = 1] = numbersOf(main, fields.get(TAG.orientation));
  return {
    cameraLabel: labelOf(
      textOf(main, fields.get(TAG.make)),
      textOf(main, fields.get(TAG.model)),
      textOf(place, details.get(TAG.bodySerialNumber)),
    ),
    cameraAtMs: clockOf(
      isOriginal ? original : textOf(main, fields.get(TAG.dateTime)),
      textOf(place, details.get(isOriginal ? TAG.subSecTimeOriginal : TAG.subSecTime)),
    ),
    cameraUtcOffsetMinutes: offsetOf(textOf(place, details.get(isOriginal ? TAG.offsetTimeOriginal : TAG.offsetTime))),
    orientation: orientation >= 1 && orientation <= 8 ? orientation : 1,
  };
}

/** `Canon EOS R5 · 012345`; a model that names its make is not given it twice. */
function labelOf(make: string, model: string, serial: string): string | null {
  const [brand = ''] = make.split(/\s/);
  const isNamed = model.toLowerCase().startsWith(brand.toLowerCase());
  const name = [isNamed ? '' : make, model].filter((part) => part !== '').join(' ');
  const label = [name, serial].filter((part) => part !== '').join(' · ');
  return label === '' ? null : label.slice(0, 200);
}

function clockOf(text: string, subSecond: string): number | null {
  const match = /^(\d{4})[:\-/](\d{2})[:\-/](\d{2})[ T](\d{2}):(\d{2}):(\d{2})/.exec(text);
  if (match === null) return null;
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as [number, number, number, number, number, number];
  const atMs = Date.UTC(year, month - 1, day, hour, minute, second);
  const date = new Date(atMs);
  // 2026:02:31 and 0000:00:00 are no times.
  if (year < 1971 || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day || date.getUTCHours() !== hour) return null;
  const fraction = /^\d{1,9}$/.test(subSecond) ? Math.floor(Number(`0.${subSecond}`) * 1000) : 0;
  return atMs + fraction;
}

function offsetOf(text: string): number | null {
  const match = /^([+-])(\d{2}):(\d{2})$/.exec(text);
  if (match === null) return null;
  const minutes = Number(match[2]) * 60 + Number(match[3]);
  return minutes > 840 ? null : match[1] === '-' ? -minutes : minutes;
}
