/** @file Routes of vector collections: list, create, search, read one, upsert, delete. They take vectors, never images. */
import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import {
  collectionNameSchema,
  collectionSchema,
  collectionStateSchema,
  createCollectionSchema,
  deleteRequestSchema,
  deleteResponseSchema,
  itemIdSchema,
  metadataSchema,
  problemSchema,
  searchRequestSchema,
  searchResponseSchema,
  upsertRequestSchema,
  upsertResponseSchema,
} from '../../src/contracts/server-api.ts';
import { mayReach } from '../services/keys/access.ts';
import { holdsImage } from '../services/recognition/image-refusal.ts';
import type { Services } from '../services/open-services.ts';
import { HttpProblem } from '../services/http/problem.ts';

const nameParams = z.strictObject({ name: collectionNameSchema });
const itemParams = z.strictObject({ name: collectionNameSchema, id: itemIdSchema });
const itemSchema = z.strictObject({ id: itemIdSchema, productId: z.string(), metadata: metadataSchema });
/** In the docs page: a key is needed from other devices only. */
const security = [{ apiKey: [] }, {}];
const tags = ['collections'];

/** One vector of 4096 numbers with all their digits is below 100 kB. */
const SEARCH_BODY_BYTES = 256 * 1024;
/** 1000 items of 256 dimensions; with more dimensions, send fewer at a time. */
const UPSERT_BODY_BYTES = 8 * 1024 * 1024;
const DELETE_BODY_BYTES = 512 * 1024;

/** Who may use them is decided by `route-access.ts`, before the body is read. */
export function collectionRoutes({ store, bulk, products, holdsPersons }: Services): FastifyPluginCallbackZod {
  return (app, _options, done) => {
    app.get(
      '/collections',
      { schema: { tags, summary: 'All collections that you may see', response: { 200: z.array(collectionSchema) } } },
      async (request) => (await store.list()).filter(({ name }) => mayReach(request.principal, name, holdsPersons)),
    );

    app.post(
      '/collections',
      {
        schema: {
          tags,
          security,
          summary: 'Create a collection',
          description: 'Asking again for the same collection answers 200; the same name with another space or dimension answers 409.',
          body: createCollectionSchema,
          response: { 200: collectionSchema, 201: collectionSchema, 409: problemSchema },
        },
      },
      async (request, reply) => {
        const { collection, isNew } = await store.create(request.body);
        return reply.code(isNew ? 201 : 200).send(collection);
      },
    );

    app.get(
      '/collections/:name',
      {
        schema: {
          tags,
          summary: 'One collection and its index',
          params: nameParams,
          response: { 200: collectionStateSchema, 404: problemSchema },
        },
      },
      async (request) => store.state(request.params.name),
    );

    app.delete(
      '/collections/:name',
      {
        schema: {
          tags,
          security,
          summary: 'Remove a collection with everything in it',
          params: nameParams,
          response: { 204: z.null(), 401: problemSchema, 404: problemSchema },
        },
      },
      async (request, reply) => {
        await store.drop(request.params.name);
        await bulk.forget(request.params.name);
        return reply.code(204).send(null);
      },
    );

    app.post(
      '/collections/:name/search',
      {
        bodyLimit: SEARCH_BODY_BYTES,
        schema: {
          tags,
          summary: 'Nearest neighbours of a vector',
          description:
            'By cosine; exact in collections of up to 100,000 items and under narrow filters, else the nearest cells of a trained index. ' +
            'The vector must be of the collection’s space and dimension. Nothing of the request is kept.',
          params: nameParams,
          body: searchRequestSchema,
          response: { 200: searchResponseSchema, 400: problemSchema, 404: problemSchema, 415: problemSchema },
        },
      },
      async (request) => {
        const { space, vector, k, filter } = request.body;
        const matches = await store.search(request.params.name, space, vector, k, filter);
        const named = [...new Set(matches.map(({ productId }) => productId))];
        return { space, matches, products: await products.getMany(named) };
      },
    );

    app.get(
      '/collections/:name/items/:id',
      { schema: { tags, summary: 'One item, without its vector', params: itemParams, response: { 200: itemSchema, 404: problemSchema } } },
      async (request) => {
        const item = await store.get(request.params.name, request.params.id);
        if (item === null) throw new HttpProblem(404, 'invalid-input', 'There is no such item.');
        return { id: item.id, productId: item.productId, metadata: item.metadata };
      },
    );

    app.post(
      '/collections/:name/items',
      {
        bodyLimit: UPSERT_BODY_BYTES,
        schema: {
          tags,
          security,
          summary: 'Insert or replace items',
          description: 'The batch is kept whole or not at all. When the answer comes it is durable, and the next search finds it.',
          params: nameParams,
          body: upsertRequestSchema,
          response: { 200: upsertResponseSchema, 400: problemSchema, 401: problemSchema, 404: problemSchema, 415: problemSchema },
        },
      },
      async (request) => {
        const { space, items } = request.body;
        for (const { id, productId, metadata } of items)
          if ([id, productId, ...Object.values(metadata)].some((value) => typeof value === 'string' && holdsImage(value)))
            throw new HttpProblem(
              415,
              'invalid-input',
              `Item "${id.slice(0, 60)}" carries what looks like an image. Vector routes take none.`,
            );
        return { upserted: await store.upsert(request.params.name, space, items) };
      },
    );

    app.delete(
      '/collections/:name/items',
      {
        bodyLimit: DELETE_BODY_BYTES,
        schema: {
          tags,
          security,
          summary: 'Delete items by id',
          params: nameParams,
          body: deleteRequestSchema,
          response: { 200: deleteResponseSchema, 401: problemSchema, 404: problemSchema },
        },
      },
      async (request) => ({ deleted: await store.delete(request.params.name, request.body.ids) }),
    );
    done();
  };
}
