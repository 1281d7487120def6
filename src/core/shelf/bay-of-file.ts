/** @file Which bay a photo of a folder shows, by its name and its folders. Pure; any thread. */
import type { Bay } from '../../contracts/visit.ts';

/** What the user said about the folder. */
export type ImportMode =
  /** Names say it: `Bay 3/IMG_1.jpg`, `bay-03_2.jpg`, `棚3.jpg`. */
  | { readonly by: 'name' }
  /** All photos show this bay. */
  | { readonly by: 'one'; readonly bayId: string }
  /** Each photo shows the next bay of the walk; more photos than bays make new bays. */
  | { readonly by: 'order' };

/** Where a photo goes: into a bay, into a bay that is to be made, or (both null) wherever the user says. */
export interface ImportPlace {
  readonly photoId: string;
  readonly bayId: string | null;
  readonly newBay: string | null;
}

interface NamedFile {
  readonly id: string;
  /** With its folders where they are known. */
  readonly name: string;
}

/** Words that stand before or after the number of a bay. */
const NUMBERED = String.raw`(?:bay|shelf|gondola|rack|unit|section|aisle|棚|ゴンドラ|什器|台|本目)`;

/** @param bays in walking order. @param nameOf of a new bay, by its number in the walk from 1. */
export function planImport(
  files: readonly NamedFile[],
  bays: readonly Pick<Bay, 'id' | 'name'>[],
  mode: ImportMode,
  nameOf: (number: number) => string,
): readonly ImportPlace[] {
  if (mode.by === 'one') return files.map(({ id }) => ({ photoId: id, bayId: mode.bayId, newBay: null }));
  if (mode.by === 'order')
    return files.map(({ id }, index) => ({
      photoId: id,
      bayId: bays[index]?.id ?? null,
      newBay: bays[index] === undefined ? nameOf(index + 1) : null,
    }));
  return files.map(({ id, name }) => {
    const bayId = bayOfFile(name, bays);
    return { photoId: id, bayId, newBay: bayId === null ? folderOf(name) : null };
  });
}

/** @returns the bay that a name speaks of; null when none does, or more than one. */
export function bayOfFile(name: string, bays: readonly Pick<Bay, 'id' | 'name'>[]): string | null {
  const parts = folded(name)
    .replace(/\.[^./]+$/u, '')
    .split('/');
  // The folder next to the file speaks before the file itself, which often only has a number of the camera's.
  for (const isFolder of [true, false]) {
    const texts = isFolder ? parts.slice(0, -1).reverse() : parts.slice(-1);
    for (const text of texts) {
      const exact = bays.filter((bay) => words(folded(bay.name)) === words(text));
      if (exact.length === 1) return exact[0]!.id;
      const named = longest(bays.filter((bay) => isNamedIn(words(text), words(folded(bay.name)))));
      if (named !== null) return named;
      const numbers = numbersIn(text);
      const numbered = bays.filter((bay) => {
        const [number, ...more] = folded(bay.name).match(/\d+/gu) ?? [];
        return number !== undefined && more.length === 0 && numbers.has(Number(number));
      });
      if (numbered.length === 1) return numbered[0]!.id;
    }
  }
  return null;
}

function longest(bays: readonly Pick<Bay, 'id' | 'name'>[]): string | null {
  const most = Math.max(...bays.map(({ name }) => name.length));
  const best = bays.filter(({ name }) => name.length === most);
  return best.length === 1 ? best[0]!.id : null;
}

/** Numbers that are said to be a bay's. */
function numbersIn(text: string): ReadonlySet<number> {
  const found = new Set<number>();
  for (const match of text.matchAll(new RegExp(`${NUMBERED}[\\s_#.-]*0*(\\d+)|0*(\\d+)[\\s_]*(?:番目?|つ目)?の?${NUMBERED}`, 'gu')))
    found.add(Number(match[1] ?? match[2]));
  return found;
}

/** `bay 3` is in `store bay 3 left` and not in `bay 30`. */
function isNamedIn(text: string, name: string): boolean {
  return name !== '' && ` ${text} `.includes(` ${name} `);
}

/** Leading zeros of numbers say nothing; what is no letter or digit parts words. */
function words(text: string): string {
  return text
    .replaceAll(/(\d+)/gu, ' $1 ')
    .replaceAll(/\b0+(?=\d)/gu, '')
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

function folded(text: string): string {
  return text.normalize('NFKC').toLowerCase().replaceAll('\\', '/');
}

/** Name of the folder that a file is in. */
function folderOf(name: string): string | null {
  const folder = name.replaceAll('\\', '/').split('/').at(-2)?.trim() ?? '';
  return folder === '' ? null : folder.slice(0, 200);
}
