/**
 * @file Signature of what a webhook sends, by the symmetric scheme of Standard Webhooks 1.0 (standardwebhooks.com): HMAC-SHA256 over
 * `<id>.<timestamp>.<body>`, so that a receiver can tell who sent it, that nothing was changed, and that it is not an old one sent again.
 */
import { createHmac, randomBytes } from 'node:crypto';

const SECRET_PREFIX = 'whsec_';

/** @returns a secret as its receiver keeps it: `whsec_` and base64 of 256 random bits. */
export function newWebhookSecret(): string {
  return `${SECRET_PREFIX}${randomBytes(32).toString('base64')}`;
}

/** @param atMs when it is sent. @returns the three headers. */
export function signedHeaders(secret: string, id: string, atMs: number, body: string): Record<string, string> {
  const timestamp = String(Math.floor(atMs / 1000));
  const key = Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}
