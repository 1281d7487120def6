/** @file What a server that only reads does not answer: what is the writer's, and everything once its copy no longer counts. */
import type { FastifyInstance } from 'fastify';
import { HttpProblem } from '../http/problem.ts';
import type { StateCopy } from './state-copy.ts';

/** Says how it stands, whatever that is. */
const ALWAYS = '/v1/health';

/** Install the hook, before anybody's rights are looked at. @param copy null: this server writes. */
export function guardReader(api: FastifyInstance, copy: Pick<StateCopy, 'refusal'> | null): void {
  if (copy === null) return;
  api.addHook('onRequest', (request, _reply, done) => {
    const { url, config } = request.routeOptions;
    const { refusal } = copy;
    if (refusal !== null && url !== ALWAYS) throw new HttpProblem(503, 'server-refused', refusal);
    if (config.access?.isWritersOnly === true)
      throw new HttpProblem(403, 'server-refused', 'This server only reads. Send this to the one that writes.');
    done();
  });
}
