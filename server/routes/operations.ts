/** @file Routes of what an operator watches: load and times, and what lies on the disk. */
import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { operationsSchema, storageSchema } from '../../src/contracts/operations-api.ts';
import { problemSchema } from '../../src/contracts/server-api.ts';
import { mayReach } from '../services/keys/access.ts';
import type { OperationsLog } from '../services/watching/operations.ts';
import type { Services } from '../services/open-services.ts';
import { StorageUse } from '../services/storage/storage-use.ts';

const tags = ['server'];
const security = [{ apiKey: [] }];
const refusals = { 401: problemSchema, 403: problemSchema };

/** @param log of this server. */
export function operationRoutes({ store, holdsPersons }: Services, log: OperationsLog, dataFolder: string): FastifyPluginCallbackZod {
  const storage = new StorageUse(store, dataFolder);
  return (app, _options, done) => {
    app.get(
      '/operations',
      {
        schema: {
          tags,
          security,
          summary: 'Load and times of the last minutes',
          description: 'In memory only: it begins anew with each start. `GET /v1/metrics` gives the same to Prometheus, which keeps it.',
          response: { 200: operationsSchema, ...refusals },
        },
      },
      () => log.look(),
    );

    app.get(
      '/storage',
      {
        schema: {
          tags,
          security,
          summary: 'What lies on the disk, and how much room is left',
          response: { 200: storageSchema, ...refusals },
        },
      },
      async (request) => {
        const look = await storage.look();
        return { ...look, collections: look.collections.filter(({ name }) => mayReach(request.principal, name, holdsPersons)) };
      },
    );
    done();
  };
}
