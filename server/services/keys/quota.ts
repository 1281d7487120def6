/** @file Counts the requests of keys against their day and says so in headers: `X-Quota-Limit`, `-Remaining`, `-Reset` (seconds). */
import type { FastifyInstance } from 'fastify';
import type { KeyService } from './key-service.ts';
import { HttpProblem } from '../http/problem.ts';

/** Install the hook. Register it after the guard: what was refused there costs nothing. */
export function countQuota(api: FastifyInstance, keys: KeyService): void {
  api.addHook('preParsing', async (request, reply) => {
    const { principal } = request;
    if (principal.kind !== 'key') return;
    const quota = await keys.count(principal.key);
    if (quota === null) return;
    const resetS = Math.ceil((quota.resetsAtMs - Date.now()) / 1000);
    reply.headers({
      'x-quota-limit': quota.limit,
      'x-quota-remaining': Math.max(0, quota.limit - quota.used),
      'x-quota-reset': resetS,
    });
    if (quota.used <= quota.limit) return;
    void reply.header('retry-after', resetS);
    throw new HttpProblem(429, 'quota-exceeded', 'The day’s quota of this key is used up.');
  });
}
