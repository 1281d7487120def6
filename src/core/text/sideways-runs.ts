/** @file Figures and Latin letters that lie on their side in a column of vertical writing. Pure; any thread. */
import type { GreyImage } from '../../contracts/runtime.ts';
import type { ReadCharacter } from './ctc-decoding.ts';

const NARROW = /[\dA-Za-z.,%()/:~+&×-]/u;
const SOLID = /[\dA-Za-z]/u;
/** A run is believed when read at least this surely, and where the upright reading was less sure than that; い lying on its side is an n. */
const RUN = { atLeast: 0.75, uprightAtMost: 0.85 };
/** It must also lead by this much. */
const LEAD = 0.15;
const SINGLE = { atLeast: 0.9, uprightAtMost: 0.5 };

/** The column lying on its side: a strip `heightPx` high that runs from the column's top to its bottom. */
export function turnedLeft({ widthPx, heightPx, data }: GreyImage, stripHeightPx: number): GreyImage {
  const scale = widthPx / stripHeightPx;
  const stripWidth = Math.max(8, Math.round(heightPx / scale));
  const out = new Uint8Array(stripWidth * stripHeightPx);
  for (let v = 0; v < stripHeightPx; v++) {
    const x = Math.max(0, Math.min(widthPx - 1, widthPx - 1 - ((v + 0.5) * scale - 0.5)));
    const x0 = Math.floor(x);
    const x1 = Math.min(widthPx - 1, x0 + 1);
    for (let u = 0; u < stripWidth; u++) {
      const y = Math.max(0, Math.min(heightPx - 1, (u + 0.5) * scale - 0.5));
      const y0 = Math.floor(y);
      const y1 = Math.min(heightPx - 1, y0 + 1);
      const upper = data[y0 * widthPx + x0]! * (1 - (x - x0)) + data[y0 * widthPx + x1]! * (x - x0);
      const lower = data[y1 * widthPx + x0]! * (1 - (x - x0)) + data[y1 * widthPx + x1]! * (x - x0);
      out[v * stripWidth + u] = upper * (1 - (y - y0)) + lower * (y - y0);
    }
  }
  return { widthPx: stripWidth, heightPx: stripHeightPx, data: out };
}

/**
 * @param upright the column read cell by cell. @param turned the same column read lying on its side; places of both are shares of its length.
 * @returns `upright` with the stretches replaced that were read better lying on their side.
 */
export function mergeSideways(upright: readonly ReadCharacter[], turned: readonly ReadCharacter[]): ReadCharacter[] {
  let out = [...upright];
  for (const run of runsOf(turned)) {
    const from = run[0]!.start01;
    const to = run[run.length - 1]!.end01;
    const isCovered = (character: ReadCharacter): boolean => {
      const middle = (character.start01 + character.end01) / 2;
      const reach = (character.end01 - character.start01) * 0.5;
      return middle > from - reach && middle < to + reach;
    };
    const covered = out.filter(isCovered);
    const sureness = meanConfidence(run);
    const { atLeast, uprightAtMost } = run.length > 1 ? RUN : SINGLE;
    if (
      covered.length === 0 ||
      sureness < atLeast ||
      meanConfidence(covered) > Math.min(uprightAtMost, sureness - LEAD) ||
      covered.every(({ text }) => SOLID.test(text))
    )
      continue;
    const at = out.indexOf(covered[0]!);
    out = [...out.slice(0, at), ...run, ...out.slice(at).filter((character) => !isCovered(character))];
  }
  return out;
}

/** Stretches of narrow characters with a letter or digit in them; spaces and signs at their ends are dropped. */
function runsOf(characters: readonly ReadCharacter[]): ReadCharacter[][] {
  const runs: ReadCharacter[][] = [];
  let run: ReadCharacter[] = [];
  for (const character of [...characters, null]) {
    if (character !== null && NARROW.test(character.text)) {
      run.push(character);
      continue;
    }
    const first = run.findIndex(({ text }) => SOLID.test(text));
    const last = run.findLastIndex(({ text }) => SOLID.test(text));
    if (first >= 0) runs.push(run.slice(first, last + 1));
    run = [];
  }
  return runs;
}

function meanConfidence(characters: readonly ReadCharacter[]): number {
  return characters.reduce((sum, { confidence01 }) => sum + confidence01, 0) / Math.max(1, characters.length);
}
