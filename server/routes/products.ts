/** @file Routes of products: by id, by GTIN, upsert. */
import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { problemSchema, productResponseSchema, productUpsertRequestSchema, upsertResponseSchema } from '../../src/contracts/server-api.ts';
import type { Services } from '../services/open-services.ts';
import { HttpProblem } from '../services/http/problem.ts';

const idParams = z.strictObject({ id: z.string().min(1).max(200) });
const gtinQuery = z.strictObject({ gtin: z.string().regex(/^\d{14}$/, 'must be a GTIN of 14 digits, padded with zeros on the left') });
/** In the docs page: a key is needed from other devices only. */
const security = [{ apiKey: [] }, {}];
const tags = ['products'];
/** 500 products with long ingredient lists. */
const UPSERT_BODY_BYTES = 8 * 1024 * 1024;

/** Who may use them is decided by `route-access.ts`. */
export function productRoutes({ products }: Services): FastifyPluginCallbackZod {
  return (app, _options, done) => {
    app.get(
      '/products/:id',
      { schema: { tags, summary: 'One product', params: idParams, response: { 200: productResponseSchema, 404: problemSchema } } },
      async (request) => ({ product: found(await products.get(request.params.id)) }),
    );

    app.get(
      '/products',
      {
        schema: {
          tags,
          summary: 'The product with a GTIN',
          description: 'Of several sources, one with contents wins, then the operator’s own over an imported one, then the newest.',
          querystring: gtinQuery,
          response: { 200: productResponseSchema, 404: problemSchema },
        },
      },
      async (request) => ({ product: found(await products.findByGtin(request.query.gtin)) }),
    );

    app.post(
      '/products',
      {
        bodyLimit: UPSERT_BODY_BYTES,
        schema: {
          tags,
          security,
          summary: 'Insert or replace products',
          body: productUpsertRequestSchema,
          response: { 200: upsertResponseSchema, 400: problemSchema, 401: problemSchema, 415: problemSchema },
        },
      },
      async (request) => {
        await products.upsert(request.body.products);
        return { upserted: request.body.products.length };
      },
    );
    done();
  };
}

function found<Value>(value: Value | null): Value {
  if (value === null) throw new HttpProblem(404, 'invalid-input', 'The product is not known here.');
  return value;
}
