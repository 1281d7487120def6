/** @file A race as a file that can be brought back, here or on another device: everything but pictures and what bodies look like. Thread: any. */
import { z } from 'zod';
import { entrantSchema, photoSourceSchema, raceCameraSchema, raceEventSchema, racePhotoReadingSchema, racePhotoSchema } from './race.ts';

export const raceExportSchema = z.strictObject({
  format: z.literal('mekiki-race'),
  version: z.literal(1),
  exportedAtMs: z.number().int().nonnegative(),
  /** The race, then its parts. */
  events: z.array(raceEventSchema).min(1).max(200),
  entrants: z.array(entrantSchema).max(500_000),
  cameras: z.array(raceCameraSchema).max(10_000),
  sources: z.array(photoSourceSchema).max(10_000),
  photos: z.array(racePhotoSchema).max(1_000_000),
  readings: z.array(racePhotoReadingSchema).max(1_000_000),
});
export type RaceExport = z.infer<typeof raceExportSchema>;
