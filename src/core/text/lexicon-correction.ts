/**
 * @file Doubtful characters settled by words of food labels. Pure; any thread.
 *
 * [Note: Never invent] A character only changes into another one that the recogniser itself held for possible there (one of its
 * alternatives) or that looks the same in print, only where a whole known word results, and only where the text as read is not
 * a word already: `さけ` never becomes `さば`. Nothing is inserted, and nothing is dropped.
 */
import lexicon from './label-lexicon.json' with { type: 'json' };
import type { ReadCharacter } from './ctc-decoding.ts';

interface Node {
  readonly next: Map<string, Node>;
  isWord: boolean;
}

/** Characters that print alike in many typefaces, both ways. */
const ALIKE_GROUPS = [
  'ーー一-',
  'ロ口',
  'カ力',
  'ニ二',
  'エ工',
  'ヘへ',
  'ベべ',
  'ペぺ',
  'タ夕',
  'ハ八',
  'ト卜',
  'リり',
  'チ千',
  'ミ三',
  'セせ',
  '才オォ',
  'ツッ',
  'ヤャ',
  'ユュ',
  'ヨョ',
  'つっ',
  'やゃ',
  'ゆゅ',
  'よょ',
  'アァ',
  'イィ',
  'ウゥ',
  'エェ',
  '0OoО〇',
  '1lI|',
  'カヵ',
  'ケヶ',
  '・.',
  'cC',
  'pP',
  'sS',
  'vV',
  'xX',
  'zZ',
  'kK',
];
const ALIKE: ReadonlyMap<string, string> = new Map(
  ALIKE_GROUPS.flatMap((group) => Array.from(group).map((character) => [character, group] as const)).reduce<[string, string][]>(
    (all, [character, group]) => {
      const known = all.find(([c]) => c === character);
      if (known === undefined) all.push([character, group]);
      else known[1] += group;
      return all;
    },
    [],
  ),
);

/** Price of taking a look-alike, in nats, where the recogniser did not offer it. */
const ALIKE_COST = 1.2;
/** Alternatives less likely than this, relative to what was read, are not believed. */
const MAX_COST = 9;
/** What each character of a known word is worth, in nats. */
const WORD_GAIN = 2.1;
const MAX_WORD_LENGTH = 24;

const ROOT = buildTrie();

function buildTrie(): Node {
  const root: Node = { next: new Map(), isWord: false };
  const groups = [lexicon.headings, lexicon.phrases, lexicon.ingredients, lexicon.additives, lexicon.names];
  for (const term of groups.flat())
    for (const word of foldForms(term).split(/[(),・]/u)) {
      if (word.length < 2) continue;
      let node = root;
      for (const character of word) {
        let next = node.next.get(character);
        if (next === undefined) {
          next = { next: new Map(), isWord: false };
          node.next.set(character, next);
        }
        node = next;
      }
      node.isWord = true;
    }
  return root;
}

/** The forms that the recogniser writes in: narrow brackets and letters. */
function foldForms(text: string): string {
  return text.normalize('NFKC').replaceAll('、', ',');
}

interface Match {
  readonly length: number;
  readonly cost: number;
  readonly characters: readonly string[];
}

/**
 * @param characters of one line or of lines that follow each other, as the recogniser gave them.
 * @returns the text of each, corrected; same length and order.
 */
export function correctByLexicon(characters: readonly ReadCharacter[]): string[] {
  const count = characters.length;
  // Best score of the characters up to each place, and the word that ends there in the best reading.
  const score = new Float64Array(count + 1);
  const word: (Match | null)[] = new Array<Match | null>(count + 1).fill(null);
  score.fill(-Infinity);
  score[0] = 0;
  for (let at = 0; at < count; at++) {
    if (score[at]! > score[at + 1]!) {
      score[at + 1] = score[at]!;
      word[at + 1] = null;
    }
    for (const match of matchesAt(characters, at)) {
      const total = score[at]! + WORD_GAIN * (match.length - 1) + edgeGain(characters, at, match.length) - match.cost;
      if (total <= score[at + match.length]!) continue;
      score[at + match.length] = total;
      word[at + match.length] = match;
    }
  }
  const out = characters.map(({ text }) => text);
  for (let at = count; at > 0;) {
    const match = word[at] ?? null;
    if (match === null) {
      at--;
      continue;
    }
    match.characters.forEach((character, i) => {
      out[at - match.length + i] = character;
    });
    at -= match.length;
  }
  return out;
}

/** Words bounded by punctuation are likelier than words inside other words. */
function edgeGain(characters: readonly ReadCharacter[], at: number, length: number): number {
  const isEdge = (index: number): boolean =>
    index < 0 || index >= characters.length || /[\s,、。・()（）/／:：「」【】〔〕]/u.test(characters[index]!.text);
  return (isEdge(at - 1) ? 0.7 : 0) + (isEdge(at + length) ? 0.7 : 0);
}

/** Known words that could stand at `at`; per length the cheapest, and nothing dearer than the text as read where that is a word. */
function matchesAt(characters: readonly ReadCharacter[], at: number): Match[] {
  const found = new Map<number, Match>();
  const rivals = new Map<number, number>();
  const path: string[] = [];
  const walk = (node: Node, index: number, cost: number, changes: number): void => {
    if (node.isWord) {
      const length = index - at;
      const known = found.get(length);
      if (known === undefined || cost < known.cost) {
        if (known !== undefined) rivals.set(length, known.cost);
        found.set(length, { length, cost, characters: [...path] });
      } else rivals.set(length, Math.min(rivals.get(length) ?? Infinity, cost));
    }
    if (index >= characters.length || index - at >= MAX_WORD_LENGTH) return;
    for (const [candidate, price] of candidatesFor(characters[index]!)) {
      const next = node.next.get(candidate);
      const total = cost + price;
      const changed = changes + (price > 0 ? 1 : 0);
      if (next === undefined || total > MAX_COST || changed > 1 + (index - at + 1) / 3) continue;
      path.push(candidate);
      walk(next, index + 1, total, changed);
      path.pop();
    }
  };
  walk(ROOT, at, 0, 0);
  // Two different words nearly as likely as each other: leave the text as it was read.
  return [...found.values()].filter(({ length, cost }) => cost === 0 || (rivals.get(length) ?? Infinity) - cost > 0.7);
}

/** What a character may be, with the price of believing so (0 for what was read). */
function candidatesFor({ text, confidence01, alternatives }: ReadCharacter): [string, number][] {
  const candidates: [string, number][] = [[text, 0]];
  for (const { text: other, probability01 } of alternatives) {
    const price = Math.log(Math.max(confidence01, 1e-6) / Math.max(probability01, 1e-6));
    if (other !== ' ' && price < MAX_COST) candidates.push([other, Math.max(0.05, price)]);
  }
  for (const other of ALIKE.get(text) ?? '') {
    if (other === text) continue;
    const known = candidates.find(([c]) => c === other);
    if (known === undefined) candidates.push([other, ALIKE_COST]);
    else known[1] = Math.min(known[1], ALIKE_COST);
  }
  return candidates;
}
