/**
 * @file Version and deprecation of the API. [Note: Versions] `/v1` only grows: fields and routes are added, none changes its meaning. A route that
 * will go says so for at least 180 days, by `Deprecation` (RFC 9745) and `Sunset` (RFC 8594), before a `/v2` takes its place.
 */
import type { FastifyInstance } from 'fastify';

/** Install the headers. */
export function describeVersion(api: FastifyInstance): void {
  api.addHook('onSend', async (request, reply) => {
    void reply.header('api-version', '1');
    const deprecated = request.routeOptions.config.access?.deprecated;
    if (deprecated === undefined) return;
    reply.headers({
      deprecation: `@${Math.floor(Date.parse(deprecated.since) / 1000)}`,
      sunset: new Date(deprecated.sunset).toUTCString(),
      link: '</v1/docs>; rel="deprecation"; type="text/html"',
    });
  });
}
