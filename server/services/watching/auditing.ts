/** @file Puts every request of the API into the journal: who, what, which collection, how many, how it ended. No content. */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { AuditEntry } from '../../repositories/audit-log.ts';
import { collectionOf } from '../keys/access.ts';
import type { Journal } from './journal.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Id of the key, request or erasure that a handler worked on. */
    auditSubject: string | null;
    /** SHA-256 and size of the body as it came; null when there was none or nobody asks. */
    bodyDigest: { readonly bytes: number; readonly sha256: string } | null;
  }
}

/** What a body holds several of. */
const COUNTED = ['items', 'ids', 'products'] as const;
const DAY_MS = 86_400_000;

/** What auditing needs to know. */
export interface AuditingDependencies {
  readonly journal: Journal;
  readonly holdsPersons: (collection: string) => boolean;
}

/** Install the hooks. */
export function writeAudit(api: FastifyInstance, { journal, holdsPersons }: AuditingDependencies): void {
  const deviceOf = dailyPseudonyms();
  // An answer that could not be written down becomes another answer, which comes by here again.
  const seen = new WeakSet<FastifyRequest>();
  api.addHook('onSend', async (request, reply) => {
    const access = request.routeOptions.config.access;
    if (access?.operation == null || seen.has(request) || reply.hasHeader('idempotent-replayed')) return;
    seen.add(request);
    const entry = entryOf(request, reply, access.operation);
    const isEach = access.audit === 'each' || (entry.collection !== null && holdsPersons(entry.collection));
    // Who floods the door with refusals must not flood the log.
    if (!isEach || (entry.outcome === 'refused' && request.principal.kind !== 'key')) journal.sum(entry);
    else if (entry.outcome === 'done') await journal.record(entry);
    // That it failed is said whether it can be written down or not; the journal has logged why.
    else await journal.record(entry).catch(() => undefined);
  });
  api.addHook('onResponse', (request, reply, done) => {
    const type = request.routeOptions.config.access?.arrival;
    const digest = request.bodyDigest ?? queryDigest(request);
    if (type !== undefined && digest !== null)
      journal.arrive({
        ...digest,
        type,
        atMs: Date.now(),
        actor: request.principal.id,
        device: deviceOf(request.ip),
        // Names of collections, never the query: it holds what was asked.
        route: `${request.method} ${request.url.split('?')[0]!.slice(0, 200)}`,
        status: reply.statusCode,
      });
    done();
  });
}

/** @returns SHA-256 of a body as it came. */
export function digestOf(body: Uint8Array): NonNullable<FastifyRequest['bodyDigest']> {
  return { bytes: body.byteLength, sha256: createHash('sha256').update(body).digest('hex') };
}

function entryOf(request: FastifyRequest, reply: FastifyReply, operation: string): AuditEntry {
  const status = reply.statusCode;
  return {
    atMs: Date.now(),
    actor: request.principal.id,
    operation,
    collection: collectionOf(request),
    subject: request.auditSubject,
    count: countOf(request.body),
    outcome: status < 400 ? 'done' : status < 500 ? 'refused' : 'failed',
    status,
  };
}

function countOf(body: unknown): number {
  if (typeof body !== 'object' || body === null) return 1;
  // Images of a form.
  if (Array.isArray(body)) return body.length;
  for (const name of COUNTED) {
    const value = (body as Record<string, unknown>)[name];
    if (Array.isArray(value)) return value.length;
  }
  return 1;
}

function queryDigest(request: FastifyRequest): FastifyRequest['bodyDigest'] {
  const start = request.url.indexOf('?');
  return start < 0 ? null : digestOf(Buffer.from(request.url.slice(start + 1)));
}

/** @returns what names a device for a day: nobody can go back from it to the address, and the next day it is another one. */
function dailyPseudonyms(): (address: string) => string {
  let day = -1;
  let salt = randomBytes(32);
  return (address) => {
    const today = Math.floor(Date.now() / DAY_MS);
    if (today !== day) [day, salt] = [today, randomBytes(32)];
    return createHmac('sha256', salt).update(address).digest('base64url').slice(0, 8);
  };
}
