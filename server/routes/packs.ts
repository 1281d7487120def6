/** @file Routes of packs: list, signed manifest, parts with ranges, builds. Who may use them is decided by `route-access.ts`. */
import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import {
  packBuildIdSchema,
  packBuildRequestSchema,
  packBuildSchema,
  packIdSchema,
  packListSchema,
  sha256Schema,
  signedPackSchema,
  type PackBuild,
} from '../../src/contracts/pack.ts';
import { problemSchema } from '../../src/contracts/server-api.ts';
import type { StoredBuild } from '../repositories/packs.ts';
import { mayReach } from '../services/keys/access.ts';
import { byteRange } from '../services/packs/pack-range.ts';
import type { Services } from '../services/open-services.ts';
import { HttpProblem } from '../services/http/problem.ts';

const idParams = z.strictObject({ id: packIdSchema });
const partParams = z.strictObject({ id: packIdSchema, sha256: sha256Schema });
const buildParams = z.strictObject({ id: packBuildIdSchema });
const security = [{ apiKey: [] }, {}];
const tags = ['packs'];
/** A part's name is its hash: it never changes. */
const FOR_EVER = 'public, max-age=31536000, immutable';
/** A rule with 10,000 ids, or planograms of 20,000 rows. */
const RULE_BODY_BYTES = 8 * 1024 * 1024;

export function packRoutes({ packs, holdsPersons }: Pick<Services, 'packs' | 'holdsPersons'>): FastifyPluginCallbackZod {
  return (app, _options, done) => {
    app.get(
      '/packs',
      { schema: { tags, summary: 'Packs that a phone can take', response: { 200: packListSchema } } },
      async (_request, reply) => {
        void reply.header('cache-control', 'no-cache');
        return packs.list();
      },
    );

    app.get(
      '/packs/:id',
      {
        schema: {
          tags,
          summary: 'Signed manifest of the newest version',
          description:
            '`manifest` is the text that was signed (Ed25519 over `mekiki-pack 1`, a line feed and the manifest). Answers 304 to `If-None-Match`.',
          params: idParams,
          response: { 200: signedPackSchema, 304: z.null(), 404: problemSchema },
        },
      },
      async (request, reply) => {
        const signed = await packs.newest(request.params.id);
        // The signature changes whenever the manifest does.
        const etag = `"${signed.signature.replaceAll(/[^A-Za-z0-9]/g, '').slice(0, 40)}"`;
        void reply.headers({ etag, 'cache-control': 'no-cache' });
        if (matches(request.headers['if-none-match'], etag)) return reply.code(304).send(null);
        return signed;
      },
    );

    app.get(
      '/packs/:id/parts/:sha256',
      {
        schema: {
          tags,
          summary: 'One part, whole or from a byte on',
          description: 'The bytes whose SHA-256 is the name. Takes one range; never changes.',
          params: partParams,
          produces: ['application/octet-stream', 'application/json'],
        },
      },
      async (request, reply) => {
        const bytes = await packs.part(request.params.id, request.params.sha256);
        const etag = `"${request.params.sha256}"`;
        void reply.headers({
          etag,
          'cache-control': FOR_EVER,
          'accept-ranges': 'bytes',
          'content-type': bytes[0] === 0x7b ? 'application/json' : 'application/octet-stream',
        });
        if (matches(request.headers['if-none-match'], etag)) return reply.code(304).send();
        const condition = request.headers['if-range'];
        const range = condition === undefined || condition === etag ? byteRange(request.headers.range, bytes.length) : 'all';
        if (range === 'all') return reply.send(bytes);
        // A range is of the bytes as they are; compressed they would be others.
        request.headers['x-no-compression'] = '1';
        if (range === 'none') {
          void reply.header('content-range', `bytes */${bytes.length}`);
          throw new HttpProblem(416, 'invalid-input', `The part has ${bytes.length} bytes.`);
        }
        void reply.header('content-range', `bytes ${range.start}-${range.end - 1}/${bytes.length}`);
        return reply.code(206).send(bytes.subarray(range.start, range.end));
      },
    );

    app.delete(
      '/packs/:id',
      {
        schema: {
          tags,
          security,
          summary: 'Offer a pack no longer',
          description: 'Phones that have it keep it until it expires.',
          params: idParams,
          response: { 204: z.null(), 401: problemSchema, 404: problemSchema },
        },
      },
      async (request, reply) => {
        await packs.withdraw(request.params.id);
        return reply.code(204).send(null);
      },
    );

    app.post(
      '/pack-builds',
      {
        bodyLimit: RULE_BODY_BYTES,
        schema: {
          tags,
          security,
          summary: 'Build the next version of a pack by a rule',
          description: 'Answers at once; the build goes on by itself, also after a restart. Ask for it by its id.',
          body: packBuildRequestSchema,
          response: { 202: packBuildSchema, 400: problemSchema, 401: problemSchema, 403: problemSchema, 503: problemSchema },
        },
      },
      async (request, reply) => {
        const closed = request.body.collections.find(({ name }) => !mayReach(request.principal, name, holdsPersons));
        if (closed !== undefined)
          throw new HttpProblem(403, 'permission-denied', `Your key does not reach the collection "${closed.name}".`);
        const build = await packs.requestBuild(request.body);
        request.auditSubject = build.id;
        return reply.code(202).send(described(build));
      },
    );

    app.get(
      '/pack-builds',
      { schema: { tags, security, summary: 'Builds, newest first', response: { 200: z.array(packBuildSchema) } } },
      async () => (await packs.builds()).map(described),
    );

    app.get(
      '/pack-builds/:id',
      { schema: { tags, security, summary: 'One build', params: buildParams, response: { 200: packBuildSchema, 404: problemSchema } } },
      async (request) => described(await packs.build(request.params.id)),
    );
    done();
  };
}

function described(build: StoredBuild): PackBuild {
  return packBuildSchema.strip().parse(build);
}

/** @returns true when the asker has it already. Compressing proxies weaken a tag by `W/`. */
function matches(header: string | undefined, etag: string): boolean {
  return header === '*' || (header ?? '').split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}
