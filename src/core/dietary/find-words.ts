/** @file Which known words a text holds, longest first, each with its place in the original. Pure. */
import type { TextSpan } from '../../contracts/dietary.ts';
import { foldText } from './folded-text.ts';
import { knowledge, type IndexedWord, type KnowledgeEntry } from './knowledge.ts';

/** A known word in a text. */
export interface FoundWord {
  readonly span: TextSpan;
  readonly entry: KnowledgeEntry;
  /** Only fits when it is the whole of an ingredient. */
  readonly whole: boolean;
}

/** Known words of a text, and the words that change nothing. Offsets are those of the text given. */
export interface FoundWords {
  readonly entries: readonly FoundWord[];
  readonly modifiers: readonly TextSpan[];
}

interface Candidate {
  readonly start: number;
  readonly end: number;
  readonly word: IndexedWord;
}

/**
 * [Note: Longest word wins] A word that lies inside a longer known word is not reported: `ピーナッツバター` holds no butter, `アメリカ` no 飴. Words that merely
 * overlap are all reported. Latin words must stand alone (an English plural `s`/`es` is allowed), Japanese ones need not.
 */
export function findWords(text: string): FoundWords {
  // Parsing and judging ask for the same text one after the other.
  if (latest?.text === text) return latest.found;
  const found = search(text);
  latest = { text, found };
  return found;
}

let latest: { readonly text: string; readonly found: FoundWords } | null = null;

function search(text: string): FoundWords {
  const candidates: Candidate[] = [];
  const kana = foldText(text, 'kana');
  for (const match of knowledge().japanese.scan(kana.text))
    candidates.push({ start: kana.starts[match.from]!, end: kana.ends[match.to - 1]!, word: match.value });
  const words = foldText(text, 'words');
  for (const match of knowledge().latin.scan(words.text)) {
    const to = standsAlone(words.text, match.from, match.to);
    if (to !== null) candidates.push({ start: words.starts[match.from]!, end: words.ends[to - 1]!, word: match.value });
  }
  // Longest first at each start, so that one sweep sees every container before what it contains.
  candidates.sort((a, b) => a.start - b.start || b.end - a.end);
  const entries: FoundWord[] = [];
  const modifiers: TextSpan[] = [];
  const containers: Candidate[] = [];
  for (const candidate of candidates) {
    const isInside = containers.some(
      (container) => container.start <= candidate.start && candidate.end <= container.end && lengthOf(container) > lengthOf(candidate),
    );
    if (candidate.word.kind === 'modifier' || candidate.word.kind === 'harmless')
      modifiers.push({ start: candidate.start, end: candidate.end });
    if (candidate.word.kind === 'modifier') continue;
    if (isInside) continue;
    // A word that must be a whole ingredient cannot hide others: whether it fits is known only later.
    if (candidate.word.kind !== 'entry' || !candidate.word.whole) {
      containers.push(candidate);
      if (containers.length > 24)
        containers.splice(0, containers.length, ...containers.filter((container) => container.end > candidate.start));
    }
    if (candidate.word.kind === 'entry')
      entries.push({ span: { start: candidate.start, end: candidate.end }, entry: candidate.word.entry, whole: candidate.word.whole });
  }
  return { entries, modifiers };
}

function lengthOf(candidate: Candidate): number {
  return candidate.end - candidate.start;
}

const LETTER = /[a-z]/;

function standsAlone(text: string, from: number, to: number): number | null {
  if (from > 0 && LETTER.test(text[from - 1]!)) return null;
  if (to < text.length && LETTER.test(text[to]!)) {
    for (const plural of ['s', 'es']) {
      const end = to + plural.length;
      if (text.startsWith(plural, to) && !(end < text.length && LETTER.test(text[end]!))) return end;
    }
    return null;
  }
  // `e12` must not be found in `e120`.
  if (/\d/.test(text[to - 1]!) && to < text.length && /\d/.test(text[to]!)) return null;
  return to;
}
