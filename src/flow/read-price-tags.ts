/** @file The text along the boards of a shelf, and nothing else of the photo. Thread: page or Node. */
import type { VisionService } from '../contracts/client-api.ts';
import type { TextLine } from '../contracts/results.ts';
import type { PriceTag, ShelfReading } from '../contracts/shelf.ts';
import type { CallOptions } from '../contracts/task.ts';
import { intersectionOverSmaller } from '../core/nms.ts';
import { linkTags } from '../core/shelf/link-tags.ts';
import { tagRegions } from '../core/shelf/tag-regions.ts';

/** Two lines that cover each other more than this were read twice, in two overlapping pieces. */
const SAME_LINE = 0.5;

/** What was read so far. */
export interface TagsRead {
  readonly tags: readonly PriceTag[];
  /** Share of the boards, 0..1. */
  readonly share01: number;
}

/** Options of {@link readPriceTags}. */
export interface TagReadingOptions extends CallOptions {
  /** No further piece is begun after this long, in ms. */
  readonly limitMs: number;
  readonly onTags?: (read: TagsRead) => void;
}

/**
 * @param frameId open in `vision`; stays open. @param reading with its rows.
 * @returns tags of the pieces that were read within the time limit, each piece's as soon as they are known.
 * @throws AppError of the worker
 */
export async function readPriceTags(
  frameId: string,
  reading: Pick<ShelfReading, 'facings' | 'layout'>,
  vision: Pick<VisionService, 'readText'>,
  { limitMs, onTags, onProgress, ...call }: TagReadingOptions,
): Promise<TagsRead> {
  const regions = tagRegions(reading);
  const startedAtMs = performance.now();
  let read: TagsRead = { tags: [], share01: regions.length === 0 ? 1 : 0 };
  let lines: readonly TextLine[] = [];
  for (const [done, region] of regions.entries()) {
    if (performance.now() - startedAtMs > limitMs) break;
    onProgress?.({ stage: 'read', done, total: regions.length, unit: 'items' });
    const text = await vision.readText(frameId, { script: 'auto', region }, call);
    lines = withoutRepeats([...lines, ...text.lines]);
    read = { tags: linkTags(lines, reading), share01: (done + 1) / regions.length };
    onTags?.(read);
  }
  return read;
}

/** Of two readings of one line the longer one stays: the other was cut by its piece's edge. */
function withoutRepeats(lines: readonly TextLine[]): TextLine[] {
  const kept: TextLine[] = [];
  for (const line of [...lines].sort((a, b) => b.box.width - a.box.width || b.confidence01 - a.confidence01))
    if (kept.every((other) => intersectionOverSmaller(other.box, line.box) <= SAME_LINE)) kept.push(line);
  return kept;
}
