/** @file HTTP contract of webhooks, and what is sent by them (Standard Webhooks). Thread: any. */
import { z } from 'zod';
import { keyIdSchema } from './keys-api.ts';
import { recognitionJobSchema } from './recognise-api.ts';

/** What a webhook may hear of. */
export const webhookEventSchema = z.enum(['recognition.finished', 'webhook.test']);
export type WebhookEvent = z.infer<typeof webhookEventSchema>;

const timeSchema = z.int().nonnegative();
/** `whsec_` and base64 of 32 bytes; shown once. */
export const webhookSecretSchema = z.string().regex(/^whsec_[A-Za-z0-9+/]{43}=$/);

export const createWebhookSchema = z.strictObject({
  /** HTTPS, of the public internet. */
  url: z.string().min(1).max(2000).meta({ example: 'https://shop.example/hooks/mekiki' }),
  events: z.array(webhookEventSchema).min(1).max(10).default(['recognition.finished']),
  description: z.string().trim().max(200).default(''),
});
export type CreateWebhook = z.output<typeof createWebhookSchema>;

export const webhookSchema = z.strictObject({
  id: keyIdSchema,
  url: z.string(),
  events: z.array(webhookEventSchema),
  description: z.string(),
  createdAtMs: timeSchema,
  /** Why nothing is sent any more; null: all is well. */
  disabledReason: z.enum(['gone', 'failing', 'key']).nullable(),
  disabledAtMs: timeSchema.nullable(),
  /** Attempts that failed since the last one that did not. */
  failures: z.int().nonnegative(),
});
export type Webhook = z.infer<typeof webhookSchema>;
/** The only answer that ever holds the secret. */
export const issuedWebhookSchema = z.strictObject({ webhook: webhookSchema, secret: webhookSecretSchema });
export type IssuedWebhook = z.infer<typeof issuedWebhookSchema>;

export const webhookDeliverySchema = z.strictObject({
  /** Sent as `webhook-id`: the same at every attempt. */
  id: z.string().max(100),
  event: webhookEventSchema,
  state: z.enum(['waiting', 'delivered', 'failed']),
  createdAtMs: timeSchema,
  nextAttemptAtMs: timeSchema.nullable(),
  /** Oldest first. `status` null: no answer came. */
  attempts: z.array(
    z.strictObject({ atMs: timeSchema, status: z.int().nullable(), durationMs: z.int().nonnegative(), problem: z.string().nullable() }),
  ),
});
export type WebhookDelivery = z.infer<typeof webhookDeliverySchema>;

/** Body of what is sent. Nothing recognised is in it: fetch that with your key. */
export const webhookPayloadSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('recognition.finished'), timestamp: z.iso.datetime(), data: recognitionJobSchema }),
  z.strictObject({ type: z.literal('webhook.test'), timestamp: z.iso.datetime(), data: z.strictObject({}) }),
]);
export type WebhookPayload = z.infer<typeof webhookPayloadSchema>;
