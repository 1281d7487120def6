/** @file Lists that come in pages: how to ask for the next one. Thread: any. */
import { z } from 'zod';

/** Query of every list. */
export const pageQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(100),
  /** `nextCursor` of the page before. */
  cursor: z.string().min(1).max(400).optional(),
});
export type PageQuery = z.output<typeof pageQuerySchema>;

/** @returns schema of one page of `item`. */
export const pageSchema = <Item extends z.ZodType>(item: Item) =>
  z.strictObject({
    items: z.array(item).max(500),
    /** Null: this was the last page. */
    nextCursor: z.string().nullable(),
  });
