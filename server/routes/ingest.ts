/** @file Routes for many vectors: bulk ingest as a stream that can be resumed, and export of a whole collection. */
import { Readable } from 'node:stream';
import type { Table } from 'apache-arrow';
import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import {
  collectionNameSchema,
  ingestJobSchema,
  ingestProgressSchema,
  problemSchema,
  spaceSchema,
  type IngestProgress,
} from '../../src/contracts/server-api.ts';
import { AppError } from '../../src/contracts/errors.ts';
import { withoutItems } from '../vectors/item-rows.ts';
import { rowsOfArrow } from '../services/collections/arrow-rows.ts';
import { ARROW_TYPE, NDJSON_TYPE, arrowOf, listOf, ndjsonOf, rowsOfNdjson } from '../services/collections/item-stream.ts';
import type { Services } from '../services/open-services.ts';
import { HttpProblem } from '../services/http/problem.ts';
import { isStorageFull, STORAGE_FULL } from '../services/storage/storage-full.ts';

const tags = ['collections'];
const security = [{ apiKey: [] }, {}];
const nameParams = z.strictObject({ name: collectionNameSchema });
const jobParams = z.strictObject({ name: collectionNameSchema, job: ingestJobSchema });
const partQuery = z.strictObject({
  job: ingestJobSchema,
  space: spaceSchema,
  /** Rows sent before, i.e. `durableRows` of the last answer. */
  from: z.coerce.number().int().min(0).default(0),
  last: z.enum(['true', 'false']).default('true'),
});
const exportQuery = z
  .strictObject({
    format: z.enum(['ndjson', 'arrow']).default('ndjson'),
    /** `false`: ids, products and metadata only, as NDJSON. */
    vectors: z.enum(['true', 'false']).default('true'),
  })
  .refine(({ format, vectors }) => vectors === 'true' || format === 'ndjson', { message: 'Without vectors there is NDJSON only.' });

/** A part streams through; what bounds it is the time that a request may take. */
const PART_BYTES = 64 * 1024 ** 3;

/** Who may use them is decided by `route-access.ts`, before the body is read. */
export function ingestRoutes({ store, bulk, keeper, erasure }: Services): FastifyPluginCallbackZod {
  return (app, _options, done) => {
    // In this scope only: everywhere else the server reads JSON and nothing besides.
    app.addContentTypeParser([NDJSON_TYPE, ARROW_TYPE], (_request, payload, parsed) => parsed(null, payload));

    app.post(
      '/collections/:name/ingest',
      {
        bodyLimit: PART_BYTES,
        schema: {
          tags,
          security,
          summary: 'Insert or replace many items as a stream',
          description:
            `Body: \`${NDJSON_TYPE}\`, one {id, productId?, metadata?, vector} a line, or \`${ARROW_TYPE}\` with the same columns. ` +
            'Answers with a line of progress after each 65,536 rows. Rows reported as durable survive a crash; send the rest with ' +
            '`from` set to their number. With `last=false` further parts may follow; a part must arrive within the request time limit.',
          params: nameParams,
          querystring: partQuery,
          response: {
            200: z.unknown(),
            400: problemSchema,
            401: problemSchema,
            404: problemSchema,
            409: problemSchema,
            507: problemSchema,
          },
        },
      },
      async (request, reply) => {
        const { job, space, from, last } = request.query;
        const { name: collection } = request.params;
        const spec = store.description(collection);
        // An empty part may end an ingest.
        const body = (request.body as Readable | null) ?? Readable.from([]);
        const isArrow = request.headers['content-type']?.startsWith(ARROW_TYPE) === true;
        const rows = isArrow ? rowsOfArrow(body, from, spec) : rowsOfNdjson(body, from, spec);
        const kept = (table: Table) => (erasure.isIdle ? table : withoutItems(spec, table, (id) => erasure.isErasing({ collection, id })));
        const progress = bulk.receive({
          ...{ collection, job, space, from, kept, isLast: last === 'true' },
          rows: keeper.admitted(collection, rows),
        });
        const failed = async (error: unknown): Promise<IngestProgress> => {
          const isOurs = error instanceof HttpProblem || error instanceof AppError;
          if (!isOurs) request.log.error({ err: error, collection }, 'a bulk ingest failed');
          const problem = isOurs ? error.message : isStorageFull(error) ? STORAGE_FULL : 'The server could not keep the rows.';
          return { ...(await bulk.progress(collection, job)), state: 'failed', problem };
        };
        // What is wrong from the start gets a status of its own.
        const first = await progress.next();
        return reply.type(NDJSON_TYPE).send(Readable.from(lines(first, progress, failed), { objectMode: false }));
      },
    );

    app.get(
      '/collections/:name/ingest/:job',
      {
        schema: {
          tags,
          security,
          summary: 'How far a bulk ingest is',
          params: jobParams,
          response: { 200: ingestProgressSchema, 404: problemSchema },
        },
      },
      async (request) => bulk.progress(request.params.name, request.params.job),
    );

    app.get(
      '/collections/:name/export',
      {
        schema: {
          tags,
          security,
          summary: 'Everything in a collection, vectors included',
          description:
            'As it is when the request comes; later writes are not in it. Both forms are read by the ingest as they are; keypoints are in ' +
            'Arrow only. `vectors=false` gives ids, products and metadata as NDJSON.',
          params: nameParams,
          querystring: exportQuery,
          response: { 200: z.unknown(), 404: problemSchema },
        },
      },
      async (request, reply) => {
        const { name } = request.params;
        const spec = store.description(name);
        const isArrow = request.query.format === 'arrow';
        if (request.query.vectors === 'false')
          return reply.type(NDJSON_TYPE).send(Readable.from(listOf(keeper.visible(name, store.listItems(name))), { objectMode: false }));
        const items = keeper.visible(name, store.scan(name, { hasKeypoints: isArrow }));
        return isArrow
          ? reply.type(ARROW_TYPE).send(Readable.from(arrowOf(spec, items), { objectMode: false }))
          : reply.type(NDJSON_TYPE).send(Readable.from(ndjsonOf(items), { objectMode: false }));
      },
    );
    done();
  };
}

/** Progress as lines. The status is long sent: what goes wrong from here on is said in the last line. */
async function* lines(
  first: IteratorResult<IngestProgress, void>,
  rest: AsyncGenerator<IngestProgress>,
  failed: (error: unknown) => Promise<IngestProgress>,
): AsyncGenerator<string> {
  const line = (progress: IngestProgress) => `${JSON.stringify(progress)}\n`;
  if (first.done !== true) yield line(first.value);
  try {
    for await (const progress of rest) yield line(progress);
  } catch (error) {
    yield line(await failed(error));
  }
}
