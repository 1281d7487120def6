/** @file `GET /v1/metrics`: for Prometheus, with the key of an operator. */
import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import type { Metrics } from '../services/watching/metrics.ts';

/** @param metrics of this server. */
export function metricsRoute(metrics: Metrics): FastifyPluginCallbackZod {
  return (app, _options, done) => {
    app.get(
      '/metrics',
      { schema: { tags: ['server'], security: [{ apiKey: [] }], summary: 'Numbers for Prometheus', produces: ['text/plain'] } },
      async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()),
    );
    done();
  };
}
