/** @file What a labelled shelf photo shows, in the terms of the app. Pure. */
import { AppError } from '../../../src/contracts/errors.ts';
import type { Box } from '../../../src/contracts/geometry.ts';
import type { DatasetItem } from '../dataset.ts';

/** One facing that is there. Row and position are counted over the whole shelf, also where the photo ends; null where nobody labelled them. */
export interface TrueFacing {
  readonly box: Box;
  readonly label: string | null;
  readonly row: number | null;
  readonly position: number | null;
  /** In a stack, from 0 for the lowest. */
  readonly level: number | null;
}

/** An empty column. */
export interface TrueGap {
  readonly box: Box;
  readonly row: number | null;
  readonly position: number | null;
}

/** A block of one product in view. */
export interface TrueBlock {
  readonly label: string;
  readonly row: number;
  readonly position: number;
  /** Columns, empty ones counted. */
  readonly columns: number;
  readonly emptyColumns: number;
}

/** One photo. */
export interface ShelfTruth {
  readonly facings: readonly TrueFacing[];
  /** Null where gaps were not labelled. */
  readonly gaps: readonly TrueGap[] | null;
  /** By row, then position; neighbouring blocks of one product are one. Null where none were labelled. */
  readonly blocks: readonly TrueBlock[] | null;
}

/** @throws AppError('invalid-input') for an item without boxes or size. */
export function shelfTruthOf({ file, width, height, boxes, gaps, planogram }: DatasetItem): ShelfTruth {
  if (boxes === undefined || width === undefined || height === undefined)
    throw new AppError('invalid-input', `${file} needs boxes, width and height`);
  const normalised = ([x, y, w, h]: readonly [number, number, number, number]): Box => ({
    x: x / width,
    y: y / height,
    width: w / width,
    height: h / height,
  });
  const place = ({ row, position }: { row?: number | undefined; position?: number | undefined }) => ({
    row: row ?? null,
    position: position ?? null,
  });
  const trueGaps = gaps?.map((gap): TrueGap => ({ box: normalised(gap.bbox), ...place(gap) })) ?? null;
  return {
    facings: boxes.map((box): TrueFacing => ({
      box: normalised(box.bbox),
      label: box.label ?? null,
      ...place(box),
      level: box.level ?? null,
    })),
    gaps: trueGaps,
    blocks: planogram === undefined ? null : blocksOf(planogram, trueGaps ?? []),
  };
}

function blocksOf(planogram: NonNullable<DatasetItem['planogram']>, gaps: readonly TrueGap[]): TrueBlock[] {
  const blocks: TrueBlock[] = [];
  for (const { row, label, first_position: position, facings } of [...planogram].sort(
    (a, b) => a.row - b.row || a.first_position - b.first_position,
  )) {
    const emptyColumns = gaps.filter(
      (gap) => gap.row === row && gap.position !== null && gap.position >= position && gap.position < position + facings,
    ).length;
    const last = blocks.at(-1);
    if (last?.row === row && last.label === label && last.position + last.columns === position)
      blocks[blocks.length - 1] = { ...last, columns: last.columns + facings, emptyColumns: last.emptyColumns + emptyColumns };
    else blocks.push({ label, row, position, columns: facings, emptyColumns });
  }
  return blocks;
}
