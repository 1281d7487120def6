/** @file Routes of rules, erasures and person data. */
import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { pageQuerySchema, pageSchema } from '../../src/contracts/page-api.ts';
import { collectionRulesSchema, erasureSchema, personExportSchema, personIdSchema } from '../../src/contracts/records-api.ts';
import { collectionNameSchema, deleteRequestSchema, problemSchema } from '../../src/contracts/server-api.ts';
import type { Services } from '../services/open-services.ts';
import { exportPerson } from '../services/records/person-export.ts';
import { HttpProblem } from '../services/http/problem.ts';

const nameParams = z.strictObject({ name: collectionNameSchema });
const personParams = z.strictObject({ id: personIdSchema });
const tags = ['records'];
const security = [{ apiKey: [] }];
const refusals = { 401: problemSchema, 403: problemSchema };
const ERASE_BODY_BYTES = 512 * 1024;

/** Who may use them is decided by `route-access.ts`. */
export function recordRoutes({ keeper, erasure, records, store, thumbnails }: Services): FastifyPluginCallbackZod {
  return (app, _options, done) => {
    app.get(
      '/collections/:name/rules',
      {
        schema: {
          tags,
          summary: 'What a collection is for and how long it keeps',
          params: nameParams,
          response: { 200: collectionRulesSchema, 404: problemSchema },
        },
      },
      (request) => {
        const rules = keeper.rulesOf(request.params.name);
        if (rules === null) throw new HttpProblem(404, 'invalid-input', 'This collection has no rules of its own.');
        return rules;
      },
    );

    app.put(
      '/collections/:name/rules',
      {
        schema: {
          tags,
          security,
          summary: 'Say what a collection is for and how long it keeps',
          description:
            'Collections of persons are off until this names a purpose and a maximum age. What is there already is held to it as well.',
          params: nameParams,
          body: collectionRulesSchema,
          response: { 200: collectionRulesSchema, 409: problemSchema, ...refusals },
        },
      },
      async (request) => {
        await keeper.setRules(request.params.name, request.body, request.principal.id);
        return request.body;
      },
    );

    app.post(
      '/collections/:name/erasures',
      {
        bodyLimit: ERASE_BODY_BYTES,
        schema: {
          tags,
          security,
          summary: 'Erase items, with a receipt',
          description: 'They are hidden at once, and their bytes are gone within minutes: then the erasure has its signed receipt.',
          params: nameParams,
          body: deleteRequestSchema,
          response: { 202: erasureSchema, 404: problemSchema, ...refusals },
        },
      },
      async (request, reply) => {
        const { name: collection } = request.params;
        store.description(collection);
        const targets = [...new Set(request.body.ids)].map((id) => ({ collection, id }));
        const begun = await erasure.request({ reason: 'items', targets, requestedBy: request.principal.id });
        request.auditSubject = begun.id;
        return reply.code(202).send(begun);
      },
    );

    app.get(
      '/erasures',
      {
        schema: {
          tags,
          security,
          summary: 'Erasures, oldest first',
          querystring: pageQuerySchema,
          response: { 200: pageSchema(erasureSchema), ...refusals },
        },
      },
      async (request) => erasure.list(request.query),
    );

    app.get(
      '/erasures/:id',
      {
        schema: {
          tags,
          security,
          summary: 'How far an erasure is, and its receipt',
          params: z.strictObject({ id: z.string().min(1).max(40) }),
          response: { 200: erasureSchema, 404: problemSchema, ...refusals },
        },
      },
      async (request) => erasure.get(request.params.id),
    );

    app.get(
      '/persons/:id',
      {
        schema: {
          tags,
          security,
          summary: 'Everything that is kept about a person',
          params: personParams,
          response: { 200: personExportSchema, ...refusals },
        },
      },
      async (request) => exportPerson(request.params.id, { store, records, keeper, thumbnails }),
    );

    app.delete(
      '/persons/:id',
      {
        schema: {
          tags,
          security,
          summary: 'Erase a person from every collection, with a receipt',
          params: personParams,
          response: { 202: erasureSchema, 404: problemSchema, ...refusals },
        },
      },
      async (request, reply) => {
        const personId = request.params.id;
        const targets = await records.ofPerson(personId);
        if (targets.length === 0) throw new HttpProblem(404, 'invalid-input', 'Nothing is kept about this person.');
        const begun = await erasure.request({ reason: 'person', targets, personId, requestedBy: request.principal.id });
        request.auditSubject = begun.id;
        return reply.code(202).send(begun);
      },
    );
    done();
  };
}
