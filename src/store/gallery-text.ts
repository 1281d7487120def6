/** @file A gallery photo's descriptors as text, as the demo pack and the backup carry them. Thread: page. */
import { z } from 'zod';

/** Binary data as text. */
export const base64Schema = z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/);

/** Words read in a gallery photo. */
export const wordsSchema = z.array(z.string().min(1).max(40)).max(60);

/** Fields of a photo's keypoints; points and descriptors in base64. */
export const FEATURES_FIELDS = {
  algorithm: z.string().max(40),
  count: z.int().min(0).max(5000),
  points: base64Schema,
  descriptors: base64Schema,
  descriptorBytes: z.int().min(1).max(512),
  aspect: z.number().positive(),
};

/** A pack's front as written to files. */
export const frontSchema = z.strictObject({ layout: base64Schema, aspect: z.number().positive() });
