/** @file The items of a Japanese ingredient list, and those in their brackets. Pure. */
import type { LabelIngredient } from '../../../contracts/dietary.ts';
import { SLASH_LOOKALIKE } from './additive-boundary.ts';
import { isOrigin, noteKind } from './bracket-note.ts';
import { closingBracket } from './brackets.ts';
import { finishItem, itemDraft, type ItemDraft } from './item-draft.ts';
import { isImplicitBreak, isMiddleDotSeparator, isSeparator } from './item-separator.ts';
import { isMaskedSpan, spanOf, type LabelContext, type Region } from './label-context.ts';
import { statedAllergens } from '../stated-allergens.ts';

/** A section's heading is no longer than this many folded characters. */
const SECTION_MAX = 16;

/** Split `region` into items. @param boundary folded index of the separator, or null when the region is of one kind. */
export function parseItems(
  context: LabelContext,
  region: Region,
  depth: number,
  startsAsAdditive: boolean,
  boundary: number | null,
): LabelIngredient[] {
  const { text } = context.folded;
  const items: LabelIngredient[] = [];
  let isAdditive = startsAsAdditive;
  let draft = itemDraft();
  let nameFrom = -1;
  let section: { heading: Region; items: LabelIngredient[] } | null = null;
  const target = () => section?.items ?? items;

  const endName = (at: number) => {
    if (nameFrom >= 0 && at > nameFrom) draft.name.push({ from: nameFrom, to: at });
    nameFrom = -1;
  };
  const close = (at: number) => {
    endName(at);
    const item = finishItem(context, draft, isAdditive);
    draft = itemDraft();
    if (item !== null) target().push(...item);
  };
  const closeSection = () => {
    if (section === null) return;
    const heading = finishItem(context, itemDraft([section.heading], section.items), false);
    section = null;
    if (heading !== null) items.push(...heading);
  };

  for (let at = region.from; at < region.to; at++) {
    if (context.isMasked[at]) {
      endName(at);
      continue;
    }
    const character = text[at]!;
    if (boundary !== null && at === boundary && boundary >= region.from && character !== '/') {
      close(at);
      isAdditive = true;
      if (!context.isLineStart[at] || SLASH_LOOKALIKE.test(character)) continue;
    }
    if (character === '(') {
      const end = closingBracket(context, at, region.to);
      if (end.isMissing) context.incomplete.add('unbalanced-brackets');
      const content = { from: at + 1, to: end.at };
      const isSection = draft.name.length === 0 && nameFrom < 0 && isSectionHeading(context, content, region.to);
      if (isSection) {
        closeSection();
        section = { heading: content, items: [] };
        isAdditive = startsAsAdditive;
      } else {
        endName(at);
        readBracket(context, content, draft, depth, isAdditive);
        if (draft.name.length === 0 && draft.children.length > 0) {
          target().push(...draft.children);
          draft.children = [];
        }
      }
      at = end.at;
      continue;
    }
    if (character === ')') {
      context.incomplete.add('unbalanced-brackets');
      close(at);
      continue;
    }
    if (character === '/') {
      close(at);
      isAdditive = true;
      continue;
    }
    if (isSeparator(text, at) || (character === '・' && isMiddleDotSeparator(context, at, region))) {
      close(at);
      continue;
    }
    if (context.isLineStart[at] && nameFrom >= 0 && isImplicitBreak(context, nameFrom, at)) close(at);
    if (nameFrom < 0) nameFrom = at;
  }
  close(region.to);
  closeSection();
  return items;
}

/** `【めん】小麦粉、…`: a bracket with no name before it and no separator behind it heads a part of the product. */
function isSectionHeading(context: LabelContext, content: Region, limit: number): boolean {
  const { text } = context.folded;
  const length = content.to - content.from;
  const next = text[content.to + 1];
  if (length === 0 || length > SECTION_MAX || next === undefined || content.to + 1 >= limit) return false;
  const inner = text.slice(content.from, content.to);
  return !/[、/(]/.test(inner) && !/[、/)。]/.test(next) && !isOrigin(inner) && !/含む$|由来$/.test(inner);
}

/** What stands in a bracket behind a name: allergens, origin, percentage, use — or the ingredient's own ingredients. */
function readBracket(context: LabelContext, content: Region, draft: ItemDraft, depth: number, isAdditive: boolean): void {
  const { text } = context.folded;
  const inner = text.slice(content.from, content.to);
  if (inner === '') return;
  const raw = context.text.slice(spanOf(context, content).start, spanOf(context, content).end);
  if (isWhollyMasked(context, content)) {
    draft.notes.push(raw);
    return;
  }
  if (/(?:を?含[むみ]|を?含みます|入り?)$/.test(inner) && !inner.includes('(') && !/その他.*[^む]$/.test(inner)) {
    draft.notes.push(raw);
    const words = context.words.filter((word) => !isMaskedSpan(context, word.span));
    draft.stated.push(...statedAllergens(context.text, spanOf(context, trimStatement(context, content)), words));
    return;
  }
  if (depth > 12) {
    draft.notes.push(raw);
    context.incomplete.add('unbalanced-brackets');
    return;
  }
  const pieces = splitAtDepthZero(context, content);
  const kinds = pieces.map((piece) => noteKind(context, piece));
  const areAllNotes = kinds.every((kind) => kind !== 'item');
  let childFrom = -1;
  const flush = (to: number) => {
    if (childFrom >= 0) draft.children.push(...parseItems(context, { from: childFrom, to }, depth + 1, isAdditive, null));
    childFrom = -1;
  };
  pieces.forEach((piece, index) => {
    const kind = kinds[index]!;
    if (kind === 'item' || (kind === 'place' && !areAllNotes)) {
      if (childFrom < 0) childFrom = piece.from;
      if (index === pieces.length - 1) flush(content.to);
      return;
    }
    flush(piece.from);
    const span = spanOf(context, piece);
    draft.notes.push(context.text.slice(span.start, span.end).trim());
    if (kind === 'source') draft.stated.push(...statedAllergens(context.text, span, context.words).filter((one) => one.id !== null));
  });
  flush(content.to);
}

function trimStatement(context: LabelContext, content: Region): Region {
  const tail = /(?:を?含[むみ]|を?含みます|入り?)$/.exec(context.folded.text.slice(content.from, content.to));
  return { from: content.from, to: content.to - (tail?.[0].length ?? 0) };
}

function isWhollyMasked(context: LabelContext, region: Region): boolean {
  for (let at = region.from; at < region.to; at++) if (!context.isMasked[at] && !/[、・/]/.test(context.folded.text[at]!)) return false;
  return true;
}

function splitAtDepthZero(context: LabelContext, region: Region): Region[] {
  const { text } = context.folded;
  const pieces: Region[] = [];
  let depth = 0;
  let from = region.from;
  for (let at = region.from; at <= region.to; at++) {
    const isEnd = at === region.to;
    if (!isEnd && text[at] === '(') depth++;
    if (!isEnd && text[at] === ')') depth--;
    if (!isEnd && (depth > 0 || !(text[at] === '/' || isSeparator(text, at)))) continue;
    if (at > from) pieces.push({ from: !isEnd || pieces.length > 0 ? from : region.from, to: at });
    // A slash stays with what follows, so that what follows is parsed as additives.
    from = !isEnd && text[at] === '/' ? at : at + 1;
  }
  return pieces;
}
