/** @file Routes of thumbnails: the only ones that take a picture, and only a small one. */
import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { pageQuerySchema, pageSchema } from '../../src/contracts/page-api.ts';
import { THUMBNAIL_LIMITS } from '../../src/contracts/records-api.ts';
import { collectionNameSchema, itemIdSchema, problemSchema } from '../../src/contracts/server-api.ts';
import type { Services } from '../services/open-services.ts';
import { pageOf, placeOf } from '../services/http/page-cursor.ts';
import { HttpProblem } from '../services/http/problem.ts';

const nameParams = z.strictObject({ name: collectionNameSchema });
const params = z.strictObject({ name: collectionNameSchema, id: itemIdSchema });
const tags = ['records'];
const security = [{ apiKey: [] }];

/** Thumbnails are encrypted at rest, each with a key of its own. */
export function thumbnailRoutes({ thumbnails, keeper, store }: Services): FastifyPluginCallbackZod {
  return (app, _options, done) => {
    // For the routes of this plugin only: everywhere else pictures are refused unread.
    app.addContentTypeParser(['image/jpeg', 'image/webp'], { parseAs: 'buffer' }, (_request, body, parsed) => parsed(null, body));

    app.put(
      '/collections/:name/items/:id/thumbnail',
      {
        bodyLimit: THUMBNAIL_LIMITS.maxBytes,
        schema: {
          tags,
          security,
          summary: 'Keep a small picture of an item',
          description: `JPEG or WebP, at most ${THUMBNAIL_LIMITS.maxSidePx} px a side and 64 KiB. Kept re-encoded, without metadata, encrypted.`,
          consumes: ['image/jpeg', 'image/webp'],
          params,
          response: { 204: z.null(), 403: problemSchema, 404: problemSchema, 413: problemSchema, 415: problemSchema },
        },
      },
      async (request, reply) => {
        const { name: collection, id } = request.params;
        if (keeper.rulesOf(collection)?.thumbnails !== true)
          throw new HttpProblem(403, 'permission-denied', `The rules of "${collection}" allow no thumbnails.`);
        if (!Buffer.isBuffer(request.body)) throw new HttpProblem(415, 'invalid-input', 'A thumbnail is a JPEG or a WebP.');
        const isOver = (await keeper.overAmong(collection, [id])).has(id);
        if (isOver || (await store.get(collection, id)) === null) throw new HttpProblem(404, 'invalid-input', 'There is no such item.');
        await thumbnails.put({ collection, id }, request.body);
        return reply.code(204).send(null);
      },
    );

    app.get(
      '/collections/:name/thumbnails',
      {
        schema: {
          tags,
          security,
          summary: 'Ids of the items that have a small picture',
          params: nameParams,
          querystring: pageQuerySchema,
          response: { 200: pageSchema(itemIdSchema), 404: problemSchema },
        },
      },
      async (request) => {
        const { name } = request.params;
        store.description(name);
        const { limit, cursor } = request.query;
        const [, after] = placeOf(cursor) ?? [0, ''];
        const ids = await thumbnails.list(name, after, limit + 1);
        const { items, nextCursor } = pageOf(ids, limit, (id) => [0, id]);
        const over = await keeper.overAmong(name, items);
        return { items: items.filter((id) => !over.has(id)), nextCursor };
      },
    );

    app.get(
      '/collections/:name/items/:id/thumbnail',
      { schema: { tags, security, summary: 'The small picture of an item', params, produces: ['image/webp'] } },
      async (request, reply) => {
        const { name: collection, id } = request.params;
        const isOver = (await keeper.overAmong(collection, [id])).has(id);
        const thumbnail = isOver ? null : await thumbnails.get({ collection, id });
        if (thumbnail === null) throw new HttpProblem(404, 'invalid-input', 'There is no such thumbnail.');
        return reply.type(thumbnail.type).send(thumbnail.bytes);
      },
    );
    done();
  };
}
