/** @file Routes of the audit log and of the ledger of arrivals, for admins. */
import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { arrivalSchema, auditCheckSchema, auditQuerySchema, auditRowSchema } from '../../src/contracts/audit-api.ts';
import { pageQuerySchema, pageSchema } from '../../src/contracts/page-api.ts';
import { problemSchema } from '../../src/contracts/server-api.ts';
import type { Services } from '../services/open-services.ts';
import { pageOf, placeOf } from '../services/http/page-cursor.ts';

const tags = ['audit'];
const security = [{ apiKey: [] }];
const refusals = { 401: problemSchema, 403: problemSchema };

/** Newest first, in pages. */
export function auditRoutes({ audit, arrivals, journal }: Services): FastifyPluginCallbackZod {
  return (app, _options, done) => {
    app.get(
      '/audit',
      {
        schema: {
          tags,
          security,
          summary: 'The audit log, newest first',
          description: 'With conditions, rows are left out: their hashes then do not follow one another.',
          querystring: auditQuerySchema,
          response: { 200: pageSchema(auditRowSchema), ...refusals },
        },
      },
      async ({ query: { limit, cursor, ...filter } }) => {
        await journal.flush();
        const rows = await audit.readBack(placeOf(cursor)?.[0] ?? Number.MAX_SAFE_INTEGER, limit + 1, filter);
        return pageOf(rows, limit, ({ sequence }) => [sequence, '']);
      },
    );

    app.get(
      '/audit/check',
      {
        schema: {
          tags,
          security,
          summary: 'Recompute the chain of the audit log',
          description: 'With a head that was noted elsewhere, rows that were cut off the end are noticed too.',
          querystring: z.strictObject({ head: auditCheckSchema.shape.head.optional() }),
          response: { 200: auditCheckSchema, ...refusals },
        },
      },
      async ({ query: { head } }) => {
        await journal.flush();
        return audit.verify(head);
      },
    );

    app.get(
      '/arrivals',
      {
        schema: {
          tags,
          security,
          summary: 'What phones sent, newest first',
          querystring: pageQuerySchema,
          response: { 200: pageSchema(arrivalSchema), ...refusals },
        },
      },
      async ({ query: { limit, cursor } }) => {
        await journal.flush();
        const rows = await arrivals.readBack(placeOf(cursor)?.[0] ?? Number.MAX_SAFE_INTEGER, limit + 1);
        return pageOf(rows, limit, ({ sequence }) => [sequence, '']);
      },
    );
    done();
  };
}
