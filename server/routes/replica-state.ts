/** @file `GET /v1/replica-state`: what a server that only reads copies. Who may is decided by `route-access.ts`. */
import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { replicaQuerySchema, replicaStateSchema } from '../../src/contracts/replica-api.ts';
import { problemSchema } from '../../src/contracts/server-api.ts';
import type { Services } from '../services/open-services.ts';

export function replicaStateRoute({ feed, journal }: Pick<Services, 'feed' | 'journal'>): FastifyPluginCallbackZod {
  return (app, _options, done) => {
    app.get(
      '/replica-state',
      {
        schema: {
          tags: ['server'],
          security: [{ apiKey: [] }],
          summary: 'What a server that only reads copies from this one',
          description:
            'Keys (hashes of their secrets), rules, packs, and ends of items, as far as they changed. For keys of the role `replica`.',
          querystring: replicaQuerySchema,
          response: { 200: replicaStateSchema, 400: problemSchema, 401: problemSchema, 403: problemSchema },
        },
      },
      async (request) => {
        const state = await feed.read(request.query);
        if (state.keys !== null || state.rules !== null || state.packs !== null)
          journal.sum({
            ...{ atMs: state.atMs, actor: request.principal.id, operation: 'replicas.copy', collection: null, subject: null },
            ...{ count: 1, outcome: 'done', status: 200 },
          });
        return state;
      },
    );
    done();
  };
}
