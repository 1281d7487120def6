/** @file Routes of shelf visits: a phone hands one in, operators list and read them. Who may use them is decided by `route-access.ts`. */
import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import {
  handedInVisitSchema,
  handInVisitSchema,
  shelfVisitPageSchema,
  shelfVisitQuerySchema,
} from '../../src/contracts/shelf-visits-api.ts';
import { problemSchema } from '../../src/contracts/server-api.ts';
import { MAX_REPORT_BYTES, visitReportSchema } from '../../src/contracts/visit-report.ts';
import type { Services } from '../services/open-services.ts';
import { pageOf, placeOf } from '../services/http/page-cursor.ts';
import { HttpProblem } from '../services/http/problem.ts';

const idParams = z.strictObject({ id: z.string().min(1).max(200) });
const security = [{ apiKey: [] }, {}];
const tags = ['shelf visits'];
/** The name around the report. */
const ENVELOPE_BYTES = 64;

export function shelfVisitRoutes({ shelfVisits }: Pick<Services, 'shelfVisits'>): FastifyPluginCallbackZod {
  return (app, _options, done) => {
    app.post(
      '/shelf-visits',
      {
        bodyLimit: MAX_REPORT_BYTES + ENVELOPE_BYTES,
        schema: {
          tags,
          summary: 'Hand in a shelf visit',
          description:
            'Counts, names and places; no picture, no vector. The same visit again replaces what was there, so a retry is harmless.',
          body: handInVisitSchema,
          response: { 200: handedInVisitSchema, 400: problemSchema, 413: problemSchema, 507: problemSchema },
        },
      },
      async (request) => {
        const { id, receivedAtMs } = await shelfVisits.take(request.body.report);
        request.auditSubject = id;
        return { id, receivedAtMs };
      },
    );

    app.get(
      '/shelf-visits',
      {
        schema: {
          tags,
          security,
          summary: 'Shelf visits, newest first, of all shops, of one, or with one bay',
          querystring: shelfVisitQuerySchema,
          response: { 200: shelfVisitPageSchema, 400: problemSchema, 401: problemSchema },
        },
      },
      async (request) => {
        const { shop, bay, cursor, limit } = request.query;
        const rows = await shelfVisits.list({ shop, bay }, placeOf(cursor), limit + 1);
        return pageOf(rows, limit, ({ atMs, id }) => [atMs, id]);
      },
    );

    app.get(
      '/shelf-visits/:id',
      {
        schema: { tags, security, summary: 'One shelf visit', params: idParams, response: { 200: visitReportSchema, 404: problemSchema } },
      },
      async (request) => {
        const report = await shelfVisits.report(request.params.id);
        if (report === null) throw unknown();
        request.auditSubject = request.params.id;
        return report;
      },
    );

    app.delete(
      '/shelf-visits/:id',
      {
        schema: { tags, security, summary: 'Forget a shelf visit', params: idParams, response: { 204: z.null(), 404: problemSchema } },
      },
      async (request, reply) => {
        if (!(await shelfVisits.remove(request.params.id))) throw unknown();
        request.auditSubject = request.params.id;
        return reply.code(204).send(null);
      },
    );
    done();
  };
}

function unknown(): HttpProblem {
  return new HttpProblem(404, 'invalid-input', 'No shelf visit of this id is known here.');
}
