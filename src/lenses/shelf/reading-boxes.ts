/** @file A reading as boxes on its photo: a colour for each product, a shape for each degree of certainty. Thread: page. */
import type { Facing, PlanogramDifference, ShelfReading } from '../../contracts/shelf.ts';
import { isDoubtful } from '../../core/shelf/doubtful-gap.ts';
import type { BoxStyle, DrawnBox } from '../../ui/box-drawing.ts';

/** Told apart on photos of any colour, with a dark halo. */
const PALETTE = [
  '#5ec8ff',
  '#ffb14e',
  '#7ee081',
  '#ff8fc7',
  '#c7a3ff',
  '#ffe45e',
  '#5fe0cf',
  '#ff8a78',
  '#9fb8ff',
  '#c3e650',
  '#f4a7ff',
  '#e8c39e',
] as const;
const UNSURE = '#f3c55b';
const WRONG = '#ff7a6e';

type Kind = 'gap' | 'doubtful-gap' | 'tag' | 'unread' | 'unknown' | 'right' | 'misplaced' | 'wrong-facings' | 'foreign' | 'out-of-stock';

const line = (stroke: string, more: Partial<BoxStyle> = {}): BoxStyle => ({
  stroke,
  fill: '',
  dash: [],
  isHatched: false,
  sign: '',
  ...more,
});

const FIXED: Readonly<Record<Kind, BoxStyle>> = {
  gap: line(WRONG, { fill: 'rgb(255 122 110 / 0.55)', isHatched: true, dash: [10, 4] }),
  'doubtful-gap': line(WRONG, { dash: [3, 5], sign: '?' }),
  tag: line('#fff7c2', { dash: [2, 2] }),
  unread: line('#ffffff'),
  unknown: line(UNSURE, { dash: [3, 3], sign: '?' }),
  right: line('#74d39c', { sign: '✓' }),
  misplaced: line(UNSURE, { dash: [8, 4], sign: '↔', fill: 'rgb(243 197 91 / 0.2)' }),
  'wrong-facings': line(UNSURE, { dash: [8, 4], sign: '#', fill: 'rgb(243 197 91 / 0.2)' }),
  foreign: line(WRONG, { sign: '×', fill: 'rgb(255 122 110 / 0.25)' }),
  'out-of-stock': line(WRONG, { fill: 'rgb(255 122 110 / 0.55)', isHatched: true, sign: '0' }),
};

/** Boxes with the styles that they name. */
export interface ReadingBoxes {
  readonly boxes: readonly DrawnBox[];
  readonly styles: Readonly<Record<string, BoxStyle>>;
}

/** What the words of a reading are. */
export interface ReadingWords {
  /** Name of a product; the id itself where nobody knows one. */
  readonly nameOf: (productId: string) => string;
  /** Letter of a group of unknowns. */
  readonly letterOf: (groupId: string) => string;
  readonly gap: string;
}

/** @returns whether the facing has a name that is shown as its answer. */
export function isNamed({ identity }: Facing): boolean {
  return identity !== null && identity.productId !== null && identity.certainty !== 'not-sure';
}

/** @returns whether somebody should look at it: no name, or one that is not sure. */
export function isUncertain({ identity }: Facing): boolean {
  return identity === null || identity.productId === null || identity.certainty !== 'sure';
}

/** Groups of unknowns in the order of their size, with their facings. */
export function unknownGroups({ facings }: ShelfReading): { readonly groupId: string; readonly facings: readonly Facing[] }[] {
  const groups = new Map<string, Facing[]>();
  for (const facing of facings) {
    const groupId = facing.identity?.groupId ?? null;
    if (groupId === null || isNamed(facing)) continue;
    const group = groups.get(groupId);
    if (group === undefined) groups.set(groupId, [facing]);
    else group.push(facing);
  }
  return [...groups]
    .map(([groupId, members]) => ({ groupId, facings: members }))
    .sort((a, b) => b.facings.length - a.facings.length || a.groupId.localeCompare(b.groupId));
}

/** @returns A, B … Z, AA, AB … */
export function groupLetter(index: number): string {
  const last = String.fromCharCode(65 + (index % 26));
  return index < 26 ? last : groupLetter(Math.floor(index / 26) - 1) + last;
}

/** @returns the colour of a product: the same on every photo. */
export function productColour(productId: string): string {
  let hash = 2166136261;
  for (let i = 0; i < productId.length; i++) hash = Math.imul(hash ^ productId.charCodeAt(i), 16777619);
  return PALETTE[(hash >>> 0) % PALETTE.length]!;
}

/** A reading as what stands where. */
export function readingBoxes(reading: ShelfReading, words: ReadingWords, shows: { readonly tags: boolean }): ReadingBoxes {
  const styles: Record<string, BoxStyle> = { ...FIXED };
  const boxes: DrawnBox[] = [];
  for (const facing of reading.facings) {
    const style = styleOf(facing, words);
    styles[style.name] ??= style.look;
    boxes.push({ id: facing.id, box: facing.box, style: style.name, label: style.label });
  }
  for (const gap of reading.layout.gaps) {
    const name = isDoubtful(gap) ? `${words.gap}?` : words.gap;
    const label = gap.expectedProductId === null ? name : `${name}: ${words.nameOf(gap.expectedProductId)}`;
    boxes.push({ id: gap.id, box: gap.box, style: isDoubtful(gap) ? 'doubtful-gap' : 'gap', label });
  }
  if (shows.tags)
    for (const { id, box, price, text } of reading.tags)
      boxes.push({ id, box, style: 'tag', label: price === null ? text : String(price) });
  return { boxes, styles };
}

function styleOf(facing: Facing, words: ReadingWords): { readonly name: string; readonly look: BoxStyle; readonly label: string } {
  const { identity } = facing;
  if (identity === null) return { name: 'unread', look: FIXED.unread, label: '' };
  if (isNamed(facing) && identity.productId !== null) {
    const colour = productColour(identity.productId);
    const label = words.nameOf(identity.productId);
    return identity.certainty === 'sure'
      ? { name: `sure ${colour}`, look: line(colour), label }
      : { name: `likely ${colour}`, look: line(colour, { dash: [9, 4], sign: '~' }), label: `${label}?` };
  }
  if (identity.groupId === null) return { name: 'unknown', look: FIXED.unknown, label: '?' };
  const letter = words.letterOf(identity.groupId);
  return { name: `group ${letter}`, look: { ...FIXED.unknown, sign: letter }, label: `? ${letter}` };
}

/** A reading as what is right and what is wrong by its planogram. */
export function complianceBoxes(reading: ShelfReading, differences: readonly PlanogramDifference[], words: ReadingWords): ReadingBoxes {
  const wrong = new Map<string, Kind>();
  for (const { kind, facingIds, gapIds } of differences) {
    // What is missing altogether has no box of its own but the gap that it left.
    for (const id of facingIds) if (kind !== 'missing') wrong.set(id, kind);
    for (const id of gapIds) wrong.set(id, 'out-of-stock');
  }
  const boxes = reading.facings.map(({ id, box, identity }): DrawnBox => {
    const name = identity?.productId == null || identity.certainty === 'not-sure' ? '?' : words.nameOf(identity.productId);
    return { id, box, style: wrong.get(id) ?? (name === '?' ? 'unknown' : 'right'), label: name };
  });
  for (const gap of reading.layout.gaps) {
    const { id, box, expectedProductId } = gap;
    const style = wrong.get(id) ?? (isDoubtful(gap) ? 'doubtful-gap' : 'gap');
    boxes.push({ id, box, style, label: expectedProductId === null ? words.gap : words.nameOf(expectedProductId) });
  }
  return { boxes, styles: FIXED };
}
