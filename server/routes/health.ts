/** @file `GET /v1/health`: whether the server works and what it holds. */
import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { healthSchema } from '../../src/contracts/server-api.ts';
import { mayReach } from '../services/keys/access.ts';
import type { Services } from '../services/open-services.ts';

/** @param version of the application. */
export function healthRoutes({ store, products, damage, copy, holdsPersons }: Services, version: string): FastifyPluginCallbackZod {
  const startedAtMs = performance.now();
  return (app, _options, done) => {
    app.get(
      '/health',
      { schema: { tags: ['server'], summary: 'State and contents of the server', response: { 200: healthSchema } } },
      async (request) => ({
        status: store.isDegraded || damage.list().length > 0 || copy?.writer.isHeard === false ? ('degraded' as const) : ('ok' as const),
        version,
        uptimeS: Math.round((performance.now() - startedAtMs) / 100) / 10,
        collections: (await store.list()).filter(({ name }) => mayReach(request.principal, name, holdsPersons)),
        products: await products.count(),
        damaged: damage.list().filter(({ collection }) => collection === null || mayReach(request.principal, collection, holdsPersons)),
        writer: copy?.writer ?? null,
      }),
    );
    done();
  };
}
