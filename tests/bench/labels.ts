/** @file Reading a label: ours against tesseract.js alone and against another pipeline of the same family. */
import type { Arena } from './contender-page.ts';
import type { BenchRow } from './row.ts';

/** A pack in perspective with about 390 characters. */
export const LABEL_PHOTO = '/demo/photos/beef-curry-label.jpg';

export async function labels(arena: Arena): Promise<BenchRow[]> {
  return [
    await arena.duel('read a label: against tesseract.js jpn alone', 'readLabel', 'readLabelByTesseract', [LABEL_PHOTO], 'characters'),
    await arena.duel(
      "read a label: against @gutenye/ocr-browser's pipeline",
      'readLabel',
      'readLabelByGutenye',
      [LABEL_PHOTO],
      'characters',
    ),
  ];
}
