/**
 * @file A reading against a planogram: what is right, and in which ways the rest differs. Pure; any thread.
 *
 * [Note: Comparing] Shelves are laid against rows, then the columns of each shelf against those of its row, both in order and both free
 * to leave something out, so that neither a photo of part of the bay nor one product too many shifts all that follows. What then
 * stands at its place is right. What is left over on both sides is put together by product: expected here and found there is
 * misplaced. A facing that nobody could name, or that is only likely to be something else, is neither right nor wrong: it takes the place
 * that it stands at out of the count.
 *
 * [Note: Photos apart] Photos that could not be laid over each other are each compared by themselves, the rest of the bay unseen. What is
 * known of a block is then the sum of what they saw, as long as that is no more than the block: else two saw the same, and the photo that
 * saw most of it counts. What stands where it should not counts in every photo.
 */
import type { Compliance, Facing, PlanogramDifference, PlanogramRow, ShelfPlace, ShelfReading } from '../../contracts/shelf.ts';
import { alignSequences, type AlignedPair } from './align-sequences.ts';
import { isDoubtful } from './doubtful-gap.ts';
import { knownProductOf } from './find-blocks.ts';

/** What may be said beside the two. */
export interface CompareOptions {
  /** `whole`: the photo shows all that the planogram lists. `auto`: columns beyond a row that the frame cuts were not seen. Default `auto`. */
  readonly view?: 'auto' | 'whole';
  /** Product of a planogram's SKU, where they have different names. Default: the same. */
  readonly productOf?: (sku: string) => string;
  /** Name of a product that the planogram does not list. Default: its id. */
  readonly nameOf?: (productId: string) => string;
}

/** What an alignment of two columns is worth; what one left out costs is `SKIP`. */
const SCORE = { same: 2, candidate: 1, unknown: 0.3, gap: 0.4, expectedGap: 1, other: -0.8 } as const;
const SKIP = -0.5;
/** Columns that may lie outside the photo cost next to nothing. */
const SKIP_OUTSIDE = -0.05;
/** Rows that have nothing in common still follow each other. */
const ROW_BONUS = 0.2;
const ROW_SKIP = -0.1;
/** A candidate this likely stands for the product where the planogram expects it. */
const LIKELY_CANDIDATE = 0.15;
/** Mean probability of the expected product that leaves it a chance against a sure one. */
const EXPECTED_CHANCE = 0.03;
/** With less room than this between a row's end and the frame's edge, in widths of its last facing, the row may go on outside. */
const ROOM = 0.8;
/** Confidence of what is not there: never as certain as what is. */
const ABSENT_CONFIDENCE = 0.85;

interface ExpectedBlock {
  readonly index: number;
  readonly planned: PlanogramRow;
  readonly productId: string;
}

interface ExpectedColumn {
  readonly block: ExpectedBlock;
}

interface FoundColumn {
  /** Number of the photo. */
  readonly photo: number;
  readonly row: number;
  readonly position: number;
  readonly facingIds: readonly string[];
  readonly gapId: string | null;
  /** A gap that may as well be a facing that was overlooked. */
  readonly isHole: boolean;
  /** Known product; null for unknown ones and gaps. */
  readonly productId: string | null;
  readonly facing: Facing | null;
  readonly expectedProductId: string | null;
  /** Probability that it is what it is said to be; of a gap, that it is one. */
  readonly confidence01: number;
}

/** What became of one expected block. */
interface Outcome {
  readonly block: ExpectedBlock;
  readonly right: FoundColumn[];
  readonly gaps: FoundColumn[];
  /** Facings that nobody could name, or that are only likely to be something else. */
  readonly unsure: FoundColumn[];
  /** Holes that may be gaps, or facings that were overlooked. */
  readonly holes: FoundColumn[];
  /** More of the same beside it. */
  readonly extra: FoundColumn[];
  /** Columns outside the photo. */
  unseen: number;
}

/**
 * @param readings of one bay: one for all photos that could be laid over each other, else one for each ([Note: Photos apart]).
 * @param planogram of the bay that they show.
 * Facings are counted as columns: what stands on top of another is stock, and falls with every sale.
 */
export function comparePlanogram(
  readings: readonly ShelfReading[],
  planogram: { readonly rows: readonly PlanogramRow[] },
  options: CompareOptions = {},
): Compliance {
  const { productOf = (sku: string) => sku, nameOf = (id: string) => id, view = 'auto' } = options;
  const shelves = expectedShelves(planogram.rows, productOf);
  const photos = readings.map((reading, photo) => comparePhoto(shelves, foundRows(reading, photo), readings.length > 1 ? 'auto' : view));
  const strayBlocks = photos.flatMap(({ strays }) => strays);
  const outcomes = photos.length === 0 ? [] : photos[0]!.outcomes.map((_, at) => joinedOutcome(photos.map((photo) => photo.outcomes[at]!)));
  const expectedProducts = new Map<string, Outcome[]>();
  for (const outcome of outcomes)
    expectedProducts.set(outcome.block.productId, [...(expectedProducts.get(outcome.block.productId) ?? []), outcome]);
  const differences: PlanogramDifference[] = [];
  const moved = new Set<Outcome>();
  for (const stray of strayBlocks.sort((a, b) => b.length - a.length)) {
    const productId = stray[0]!.productId!;
    const homes = expectedProducts.get(productId) ?? [];
    const home = homes.find((outcome) => !moved.has(outcome) && outcome.right.length === 0) ?? homes[0];
    if (home === undefined) {
      differences.push(difference('foreign', productId, nameOf(productId), null, stray, [], certaintyOf(stray)));
      continue;
    }
    if (home.right.length === 0) moved.add(home);
    const { planned } = home.block;
    differences.push(difference('misplaced', planned.sku, planned.name, placeOfPlan(planned), stray, [], certaintyOf(stray)));
  }
  for (const outcome of outcomes) if (!moved.has(outcome)) differences.push(...blockDifferences(outcome));

  return { ...scoreOf(outcomes), differences: walkingOrder(differences) };
}

/** What one photo says of the planogram. */
interface PhotoComparison {
  /** Of every block of the planogram, in its order. */
  readonly outcomes: readonly Outcome[];
  /** Blocks of what stands where it should not. */
  readonly strays: readonly (readonly FoundColumn[])[];
}

function comparePhoto(shelves: Shelves, rows: readonly FoundRow[], view: CompareOptions['view']): PhotoComparison {
  const outcomes = shelves
    .flatMap(({ columns }) => [...new Set(columns.map(({ block }) => block))])
    .map((block): Outcome => ({ block, right: [], gaps: [], unsure: [], holes: [], extra: [], unseen: 0 }));
  const outcomeOf = new Map(outcomes.map((outcome) => [outcome.block, outcome]));
  const leftOver: FoundColumn[] = [];
  const standsAt = new Map<FoundColumn, Outcome>();

  const aligned = alignBay(shelves, rows, view);
  for (const { shelf, row, pairs, ends } of aligned) {
    const expected = shelf === null ? [] : shelves[shelf]!.columns;
    const found = row === null ? [] : rows[row]!.columns;
    const isRowUnseen = row === null && view === 'auto' && isOutside(shelf!, aligned);
    const seen = row === null ? [-Infinity, Infinity] : seenPairs(pairs, ends);
    pairs.forEach(({ a, b }, at) => {
      const outcome = a === null ? null : outcomeOf.get(expected[a]!.block)!;
      const column = b === null ? null : found[b]!;
      if (outcome === null) {
        if (column !== null && column.gapId === null) leftOver.push(column);
      } else if (column === null) {
        if (isRowUnseen || at < seen[0]! || at > seen[1]!) outcome.unseen++;
      } else if (column.gapId !== null) (column.isHole ? outcome.holes : outcome.gaps).push(column);
      else if (column.productId === outcome.block.productId || isLikely(column, outcome.block.productId)) outcome.right.push(column);
      else if (column.productId === null) outcome.unsure.push(column);
      else {
        leftOver.push(column);
        standsAt.set(column, outcome);
      }
    });
  }

  const strays: FoundColumn[][] = [];
  for (const stray of blocksOf(leftOver.filter(({ productId }) => productId !== null))) {
    // What is only likely, or may as well be what is expected, does not speak against the planogram.
    if (!stray.some(isSure) || mayBeExpected(stray, standsAt)) for (const column of stray) standsAt.get(column)?.unsure.push(column);
    else if (!joinBlock(stray, outcomes)) strays.push(stray);
  }
  return { outcomes, strays };
}

/** One block, as all photos know it. See [Note: Photos apart]. */
function joinedOutcome(parts: readonly Outcome[]): Outcome {
  const { block } = parts[0]!;
  const wide = block.planned.facingsWide;
  const seen = parts.reduce((sum, { unseen }) => sum + wide - unseen, 0);
  if (parts.length === 1 || seen > wide) return parts.reduce((best, part) => (isBetterSeen(part, best) ? part : best));
  const all = (of: (part: Outcome) => readonly FoundColumn[]): FoundColumn[] => parts.flatMap(of);
  return {
    block,
    right: all(({ right }) => right),
    gaps: all(({ gaps }) => gaps),
    unsure: all(({ unsure }) => unsure),
    holes: all(({ holes }) => holes),
    extra: all(({ extra }) => extra),
    unseen: wide - seen,
  };
}

function isBetterSeen(a: Outcome, b: Outcome): boolean {
  return a.unseen === b.unseen ? a.right.length > b.right.length : a.unseen < b.unseen;
}

/** Expected columns per shelf, top down. */
function expectedShelves(planned: readonly PlanogramRow[], productOf: (sku: string) => string): { columns: ExpectedColumn[] }[] {
  const shelves = new Map<number, ExpectedBlock[]>();
  planned.forEach((row, index) => {
    const block = { index, planned: row, productId: productOf(row.sku) };
    shelves.set(row.shelf, [...(shelves.get(row.shelf) ?? []), block]);
  });
  return [...shelves]
    .sort(([a], [b]) => a - b)
    .map(([, blocks]) => ({
      columns: blocks
        .sort((a, b) => a.planned.position - b.planned.position)
        .flatMap((block) => Array.from({ length: block.planned.facingsWide }, (): ExpectedColumn => ({ block }))),
    }));
}

/** Whether a row may go on outside the frame. */
interface RowEnds {
  readonly isOpenLeft: boolean;
  readonly isOpenRight: boolean;
}

interface FoundRow extends RowEnds {
  readonly columns: readonly FoundColumn[];
}

const CLOSED: RowEnds = { isOpenLeft: false, isOpenRight: false };

/** Found columns per row; of a stack, what its lowest facing is. */
function foundRows({ facings, layout }: ShelfReading, photo: number): FoundRow[] {
  const facingOf = new Map(facings.map((facing) => [facing.id, facing]));
  const numbers = [...new Set(layout.rows.map(({ row }) => row))].sort((a, b) => a - b);
  return numbers.map((row) => {
    const columns = new Map<number, FoundColumn>();
    const inRow = layout.placements.filter((placement) => placement.row === row).sort((a, b) => a.level - b.level);
    for (const { facingId, position } of inRow) {
      const facing = facingOf.get(facingId);
      const column = columns.get(position);
      if (facing === undefined) continue;
      if (column !== undefined) columns.set(position, { ...column, facingIds: [...column.facingIds, facingId] });
      else
        columns.set(position, {
          ...{ photo, row, position },
          facingIds: [facingId],
          gapId: null,
          isHole: false,
          productId: knownProductOf(facing),
          facing,
          expectedProductId: null,
          confidence01: facing.identity?.saidBy === 'user' ? 1 : (facing.identity?.probability01 ?? 0),
        });
    }
    for (const { id, row: gapRow, position, expectedProductId, confidence01, saidBy } of layout.gaps) {
      if (gapRow !== row || columns.has(position)) continue;
      const isHole = isDoubtful({ saidBy, confidence01 });
      columns.set(position, {
        ...{ photo, row, position },
        facingIds: [],
        gapId: id,
        isHole,
        productId: null,
        facing: null,
        expectedProductId,
        confidence01,
      });
    }
    const boxes = inRow.flatMap(({ facingId }) => facingOf.get(facingId)?.box ?? []);
    return {
      columns: [...columns.values()].sort((a, b) => a.position - b.position),
      isOpenLeft: boxes.some(({ x, width }) => x < ROOM * width),
      isOpenRight: boxes.some(({ x, width }) => x + width > 1 - ROOM * width),
    };
  });
}

interface AlignedRow {
  readonly shelf: number | null;
  readonly row: number | null;
  readonly pairs: readonly AlignedPair[];
  readonly ends: RowEnds;
}

type Shelves = readonly { readonly columns: readonly ExpectedColumn[] }[];

/** Where most rows begin or end with the planogram's first or last column, the bay's side is in the photo, however close to its edge. */
function alignBay(shelves: Shelves, rows: readonly FoundRow[], view: CompareOptions['view']): AlignedRow[] {
  if (view === 'whole')
    return alignRows(
      shelves,
      rows.map(({ columns }) => ({ columns, ...CLOSED })),
    );
  const first = alignRows(shelves, rows);
  const isSide = (end: (pairs: readonly AlignedPair[]) => AlignedPair | undefined): boolean => {
    const matched = first.filter(({ shelf, row }) => shelf !== null && row !== null);
    const whole = matched.filter(({ pairs }) => {
      const pair = end(pairs);
      return pair !== undefined && pair.a !== null && pair.b !== null;
    });
    return whole.length * 2 > matched.length;
  };
  const [isLeftSide, isRightSide] = [isSide((pairs) => pairs[0]), isSide((pairs) => pairs.at(-1))];
  if (!isLeftSide && !isRightSide) return first;
  return alignRows(
    shelves,
    rows.map((row) => ({ ...row, isOpenLeft: row.isOpenLeft && !isLeftSide, isOpenRight: row.isOpenRight && !isRightSide })),
  );
}

/** Which row is which shelf, and which column which. */
function alignRows(shelves: Shelves, rows: readonly FoundRow[]): AlignedRow[] {
  const inner = shelves.map(({ columns }) => rows.map((row) => alignColumns(columns, row)));
  // What the columns have in common, however many there are, so that one long row does not outweigh two short ones.
  const worth = (shelf: number, row: number): number =>
    inner[shelf]![row]!.common / Math.max(1, Math.min(shelves[shelf]!.columns.length, rows[row]!.columns.length));
  const { pairs } = alignSequences(shelves.length, rows.length, {
    pair: (shelf, row) => worth(shelf, row) + ROW_BONUS,
    skipA: () => ROW_SKIP,
    skipB: () => ROW_SKIP,
  });
  return pairs.map(({ a: shelf, b: row }): AlignedRow => {
    if (shelf !== null && row !== null) return { shelf, row, pairs: inner[shelf]![row]!.pairs, ends: rows[row]! };
    const length = (shelf === null ? rows[row!]!.columns : shelves[shelf]!.columns).length;
    const alone = Array.from({ length }, (_, i): AlignedPair => (shelf === null ? { a: null, b: i } : { a: i, b: null }));
    return { shelf, row, pairs: alone, ends: CLOSED };
  });
}

function alignColumns(
  expected: readonly ExpectedColumn[],
  { columns: found, isOpenLeft, isOpenRight }: FoundRow,
): { pairs: AlignedPair[]; common: number } {
  const { pairs } = alignSequences(expected.length, found.length, {
    pair: (a, b) => pairScore(expected[a]!.block.productId, found[b]!),
    skipA: (_, afterB) => ((afterB === 0 && isOpenLeft) || (afterB === found.length && isOpenRight) ? SKIP_OUTSIDE : SKIP),
    // A gap may be more space than the planogram has; leaving it out costs less.
    skipB: (b) => (found[b]!.gapId === null ? SKIP : SKIP / 2),
  });
  const common = pairs.filter(
    ({ a, b }) => a !== null && b !== null && pairScore(expected[a]!.block.productId, found[b]!) >= SCORE.candidate,
  ).length;
  return { pairs, common };
}

function pairScore(productId: string, column: FoundColumn): number {
  if (column.gapId !== null) return column.expectedProductId === productId ? SCORE.expectedGap : SCORE.gap;
  if (column.productId === productId) return SCORE.same;
  if (column.productId !== null) return SCORE.other;
  return isLikely(column, productId) ? SCORE.candidate : SCORE.unknown;
}

/** Not sure, but the product that is expected here is among what it may be. */
function isLikely({ facing, productId }: FoundColumn, expected: string): boolean {
  if (facing === null || productId !== null) return false;
  return (facing.identity?.candidates ?? []).some(
    (candidate) => candidate.productId === expected && candidate.probability01 >= LIKELY_CANDIDATE,
  );
}

function isSure({ facing }: FoundColumn): boolean {
  return facing?.identity?.certainty === 'sure' || facing?.identity?.saidBy === 'user';
}

/** Whether the looks leave the expected product a chance: what a planogram expects is far likelier to stand there than any other product. */
function mayBeExpected(stray: readonly FoundColumn[], standsAt: ReadonlyMap<FoundColumn, Outcome>): boolean {
  const chances = stray.map((column) => {
    const expected = standsAt.get(column)?.block.productId;
    if (column.facing?.identity?.saidBy === 'user') return 0;
    return column.facing?.identity?.candidates.find(({ productId }) => productId === expected)?.probability01 ?? 0;
  });
  return chances.reduce((sum, chance) => sum + chance, 0) / stray.length >= EXPECTED_CHANCE;
}

/** Above the first or below the last row that was found. */
function isOutside(shelf: number, aligned: readonly AlignedRow[]): boolean {
  const seen = aligned.flatMap(({ shelf: number, row }) => (number !== null && row !== null ? [number] : []));
  return seen.length > 0 && (shelf < Math.min(...seen) || shelf > Math.max(...seen));
}

/** First and last pair that the photo can have shown; what stands beyond them was cut off by the frame. */
function seenPairs(pairs: readonly AlignedPair[], { isOpenLeft, isOpenRight }: RowEnds): [number, number] {
  const found = pairs.flatMap(({ b }, at) => (b === null ? [] : [at]));
  return [isOpenLeft ? (found[0] ?? Infinity) : -Infinity, isOpenRight ? (found.at(-1) ?? -Infinity) : Infinity];
}

/** Columns of one product side by side; gaps and unknown ones do not part them. */
function blocksOf(columns: readonly FoundColumn[]): FoundColumn[][] {
  const blocks: FoundColumn[][] = [];
  for (const column of [...columns].sort((a, b) => a.row - b.row || a.position - b.position)) {
    const block = blocks.at(-1);
    const last = block?.at(-1);
    if (block !== undefined && last?.row === column.row && last.productId === column.productId && column.position - last.position <= 2)
      block.push(column);
    else blocks.push([column]);
  }
  return blocks;
}

/** More facings of what stands right beside them. @returns false when there is nothing to join. */
function joinBlock(stray: readonly FoundColumn[], outcomes: readonly Outcome[]): boolean {
  const [first, last] = [stray[0]!, stray.at(-1)!];
  const beside = outcomes.find(
    ({ block, right }) =>
      block.productId === first.productId &&
      right.some(({ row, position }) => row === first.row && position >= first.position - 2 && position <= last.position + 2),
  );
  beside?.extra.push(...stray);
  return beside !== undefined;
}

function blockDifferences({ block, right, gaps, unsure, holes, extra, unseen }: Outcome): PlanogramDifference[] {
  const { planned } = block;
  const { sku, name, facingsWide } = planned;
  const expected = placeOfPlan(planned);
  const standing = [...right, ...extra];
  if (standing.length === 0) {
    const seen = facingsWide - unseen;
    // What nobody could name may be the product.
    if (seen <= 0 || unsure.length * 2 >= seen) return [];
    const empty = [...gaps, ...holes];
    const confidence01 = (ABSENT_CONFIDENCE * (seen - unsure.length)) / facingsWide;
    if (empty.length * 2 >= seen - unsure.length) return [difference('out-of-stock', sku, name, expected, [], empty, mean(empty))];
    return [difference('missing', sku, name, expected, [], [], unsure.length > 0 ? confidence01 / 2 : confidence01)];
  }
  const most = standing.length + unsure.length + holes.length + unseen;
  if (standing.length === facingsWide || (standing.length < facingsWide && most >= facingsWide)) return [];
  const isDoubtful = unsure.length + holes.length + unseen > 0;
  const confidence01 = certaintyOf(standing) * (isDoubtful ? 0.5 : 1) * (gaps.length > 0 ? Math.max(0.5, mean(gaps)) : 0.9);
  return [difference('wrong-facings', sku, name, expected, standing, gaps, confidence01)];
}

function difference(
  kind: PlanogramDifference['kind'],
  sku: string,
  name: string,
  expected: ShelfPlace | null,
  found: readonly FoundColumn[],
  gaps: readonly FoundColumn[],
  confidence01: number,
): PlanogramDifference {
  const ordered = [...found].sort((a, b) => a.row - b.row || a.position - b.position);
  const first = ordered[0];
  // By what the planogram says, so that a second reading's differences can be told to be the same; what it does not list, by its place.
  const place =
    expected === null || kind === 'misplaced'
      ? `${kind} ${first === undefined || first.photo === 0 ? '' : `photo ${first.photo} `}${first?.row ?? 0} ${first?.position ?? 0}`
      : `${expected.row} ${expected.position}`;
  return {
    id: `${sku} ${expected === null ? '' : `${expected.row} ${expected.position} `}${place}`,
    kind,
    sku,
    name,
    expected,
    found: first === undefined ? null : { row: first.row, position: first.position, facings: ordered.length },
    facingIds: ordered.flatMap(({ facingIds }) => facingIds),
    gapIds: gaps.flatMap(({ gapId }) => gapId ?? []),
    confidence01: Math.max(0, Math.min(1, confidence01)),
  };
}

function placeOfPlan({ shelf, position, facingsWide }: PlanogramRow): ShelfPlace {
  return { row: shelf, position, facings: facingsWide };
}

function certaintyOf(columns: readonly FoundColumn[]): number {
  return mean(columns);
}

function mean(columns: readonly FoundColumn[]): number {
  return columns.length === 0 ? 0 : columns.reduce((sum, { confidence01 }) => sum + confidence01, 0) / columns.length;
}

function scoreOf(
  outcomes: readonly Outcome[],
): Pick<Compliance, 'score01' | 'expectedFacings' | 'rightFacings' | 'undecidedFacings' | 'undecidedPlaces'> {
  let [expectedFacings, rightFacings, undecidedFacings] = [0, 0, 0];
  const undecidedPlaces: { sku: string; expected: ShelfPlace }[] = [];
  for (const { block, right, unsure, holes, unseen } of outcomes) {
    const undecided = Math.min(block.planned.facingsWide - right.length, unsure.length + holes.length + unseen);
    undecidedFacings += undecided;
    if (undecided > 0) undecidedPlaces.push({ sku: block.planned.sku, expected: placeOfPlan(block.planned) });
    expectedFacings += block.planned.facingsWide - undecided;
    rightFacings += right.length;
  }
  const score01 = expectedFacings === 0 ? 0 : rightFacings / expectedFacings;
  return { score01, expectedFacings, rightFacings, undecidedFacings, undecidedPlaces };
}

/** By where one has to stand to mend it: row by row from the top, left to right. */
function walkingOrder(differences: readonly PlanogramDifference[]): PlanogramDifference[] {
  const at = ({ expected, found }: PlanogramDifference): ShelfPlace => expected ?? found!;
  return [...differences].sort((a, b) => at(a).row - at(b).row || at(a).position - at(b).position || a.id.localeCompare(b.id));
}
