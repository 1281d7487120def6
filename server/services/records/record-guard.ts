/** @file Puts the record keeper before writes and behind reads of the API, whichever route they take. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { SearchResponse } from '../../../src/contracts/server-api.ts';
import type { ErasureService } from './erasure.ts';
import { HttpProblem } from '../http/problem.ts';
import type { Incoming, RecordKeeper } from './record-keeper.ts';

/** Install the hooks. */
export function guardRecords(api: FastifyInstance, keeper: RecordKeeper, erasure: ErasureService): void {
  api.addHook('preHandler', async (request) => {
    switch (operationOf(request)) {
      case 'collections.create': {
        const { name, space } = request.body as { name: string; space: string };
        keeper.requireCreatable(name, space);
        return;
      }
      case 'items.upsert':
        await keeper.admit(nameOf(request), (request.body as { items: Incoming[] }).items);
        return;
      case 'items.read': {
        const { id } = request.params as { id: string };
        if ((await keeper.overAmong(nameOf(request), [id])).has(id)) throw new HttpProblem(404, 'invalid-input', 'There is no such item.');
        return;
      }
      case 'items.delete': {
        // Where there are rules a deletion is an erasure: thumbnails, records and bytes go too. The route then deletes at once.
        const collection = nameOf(request);
        const { ids } = request.body as { ids: string[] };
        if (keeper.rulesOf(collection) !== null || keeper.holdsPersons(collection))
          await erasure.request({ reason: 'items', targets: ids.map((id) => ({ collection, id })), requestedBy: request.principal.id });
        return;
      }
      default:
    }
  });

  api.addHook('preSerialization', async (request, reply, payload) => {
    if (operationOf(request) !== 'items.search' || reply.statusCode !== 200) return payload;
    const { matches, products, ...rest } = payload as SearchResponse;
    const over = await keeper.overAmong(
      nameOf(request),
      matches.map(({ id }) => id),
    );
    if (over.size === 0) return payload;
    const visible = matches.filter(({ id }) => !over.has(id));
    const named = new Set(visible.map(({ productId }) => productId));
    return { ...rest, matches: visible, products: products.filter(({ id }) => named.has(id)) };
  });
}

function operationOf(request: FastifyRequest): string | null {
  return request.routeOptions.config.access?.operation ?? null;
}

function nameOf(request: FastifyRequest): string {
  return (request.params as { name: string }).name;
}
