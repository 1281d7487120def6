/** @file Widths and look-alikes of printed Japanese, settled by their neighbours. Pure; any thread. */

const JAPANESE = /[\u3005\u3040-\u30ff\u3400-\u9fff\uff66-\uff9f]/u;
const KATAKANA = /[\u30a1-\u30fa\u30fc]/u;
const HIRAGANA = /[\u3041-\u3096]/u;
const KANJI = /[\u3005\u3400-\u9fff]/u;
const WIDE_PUNCTUATION = /[、。（）「」・／：\u3000]/u;

/** Share of a text's letters that are kana or kanji, 0..1; 0 for a text without letters. */
export function japaneseShare01(text: string): number {
  let japanese = 0;
  let letters = 0;
  for (const character of text) {
    if (JAPANESE.test(character)) japanese++;
    else if (!/\p{L}/u.test(character)) continue;
    letters++;
  }
  return letters === 0 ? 0 : japanese / letters;
}

/** Look-alikes that differ in script only; the left one is katakana or a sign, the right one kanji or hiragana. */
const KATAKANA_TO_OTHER: Readonly<Record<string, string>> = {
  ニ: '二',
  エ: '工',
  ロ: '口',
  カ: '力',
  タ: '夕',
  ハ: '八',
  ト: '卜',
  ヘ: 'へ',
  ベ: 'べ',
  ペ: 'ぺ',
  ー: '一',
  リ: 'り',
};
const OTHER_TO_KATAKANA: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(KATAKANA_TO_OTHER).map(([katakana, other]) => [other, katakana]),
);
/** Those of {@link OTHER_TO_KATAKANA} that never follow or precede katakana on their own in label text. */
const ALWAYS_KATAKANA_BETWEEN_KATAKANA = new Set(['二', '工', '口', '力', '夕', '八', '卜', 'へ', 'べ', 'ぺ', '一', 'り']);

/**
 * Settle look-alikes by both neighbours: `ビ夕ミン` → `ビタミン`, `ペースト` with a hiragana ぺ, `一` between katakana → `ー`.
 * Length in characters is unchanged.
 */
export function settleLookAlikes(characters: readonly string[]): string[] {
  const out = [...characters];
  for (let i = 0; i < out.length; i++) {
    const here = out[i]!;
    const before = out[i - 1] ?? '';
    const after = out[i + 1] ?? '';
    if (ALWAYS_KATAKANA_BETWEEN_KATAKANA.has(here)) {
      const isBetween = KATAKANA.test(before) && KATAKANA.test(after);
      const isAtEdge =
        here === '一' ? KATAKANA.test(before) && !KANJI.test(after) && !HIRAGANA.test(after) && !/[\d部]/u.test(after) : false;
      if (isBetween || isAtEdge) out[i] = OTHER_TO_KATAKANA[here] ?? here;
    } else if (here === 'ヘ' && !KATAKANA.test(before) && !KATAKANA.test(after)) out[i] = 'へ';
    else if ((here === '-' || here === '―') && KATAKANA.test(before) && !/[\dA-Za-z]/u.test(after)) out[i] = 'ー';
    else if (/[ー|-]/u.test(here) && before === 'm' && /\d/u.test(out[i - 2] ?? '') && !/\d/u.test(after)) out[i] = 'l';
    else if (/[ー|]/u.test(here) && /[\dA-Za-z)]/u.test(before) && /[\dA-Za-z(]/u.test(after)) out[i] = '-';
  }
  return out;
}

const TO_WIDE: Readonly<Record<string, string>> = { '(': '（', ')': '）', '/': '／', ':': '：', '，': '、' };

/**
 * Print conventions of Japanese labels: brackets, slash, colon and comma are wide where they stand among Japanese
 * characters, and stay narrow in figures (`100g/袋` keeps `/` after a unit only when a digit follows).
 * Length in characters is unchanged.
 */
export function restoreWideForms(characters: readonly string[]): string[] {
  const text = characters.join('');
  if (!JAPANESE.test(text)) return [...characters];
  const neighbour = (from: number, step: number): string => {
    let at = from + step;
    while (characters[at] === ' ') at += step;
    return characters[at] ?? '';
  };
  return characters.map((here, i) => {
    const before = neighbour(i, -1);
    const after = neighbour(i, 1);
    const isAmong = (c: string): boolean => JAPANESE.test(c) || WIDE_PUNCTUATION.test(c) || c in TO_WIDE;
    if (here === ',' && (JAPANESE.test(before) || JAPANESE.test(after)) && !(/\d/u.test(before) && /\d/u.test(after))) return '、';
    const wide = TO_WIDE[here];
    if (wide === undefined) return here;
    if (here === '/') return /\d/u.test(before) && /\d/u.test(after) ? here : isAmong(before) || isAmong(after) ? wide : here;
    if (here === ':') return /\d/u.test(before) && /\d/u.test(after) ? here : isAmong(before) || isAmong(after) ? wide : here;
    return wide;
  });
}

const PAIRS = ['〔〕', '[]'] as const;

/**
 * Square brackets of one kind: a label marks its headings with one pair throughout, and 〔 is often read as [.
 * @param characters of all lines. @returns the same with every 〔 [ and 〕 ] of the kind that most of them have, where both occur.
 */
export function unifyBrackets(characters: readonly string[]): string[] {
  const count = (pair: string): number => characters.filter((character) => pair.includes(character)).length;
  const [shell, square] = [count(PAIRS[0]), count(PAIRS[1])];
  if (shell === 0 || square === 0) return [...characters];
  const [from, to] = shell * 2 >= square ? [PAIRS[1], PAIRS[0]] : [PAIRS[0], PAIRS[1]];
  return characters.map((character) => {
    const at = from.indexOf(character);
    return at < 0 ? character : to[at]!;
  });
}
