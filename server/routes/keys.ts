/** @file Routes of API keys and of requests for them. */
import type { FastifyRequest } from 'fastify';
import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import {
  apiKeySchema,
  approveRequestSchema,
  claimKeySchema,
  claimedKeySchema,
  createKeySchema,
  issuedKeySchema,
  keyIdSchema,
  keyRequestSchema,
  requestKeySchema,
  requestedKeySchema,
  rotateKeySchema,
} from '../../src/contracts/keys-api.ts';
import { pageQuerySchema, pageSchema } from '../../src/contracts/page-api.ts';
import { problemSchema } from '../../src/contracts/server-api.ts';
import type { Services } from '../services/open-services.ts';
import { HttpProblem } from '../services/http/problem.ts';

const idParams = z.strictObject({ id: keyIdSchema });
const tags = ['keys'];
const security = [{ apiKey: [] }];
const refusals = { 401: problemSchema, 403: problemSchema };
const secretOnce = 'The secret is in this answer only. It is not stored and cannot be shown again.';
/** Requests for keys an hour from one address. */
const REQUESTS_PER_HOUR = 10;

/** Keys are issued, rotated and revoked here; what each may do is decided by `route-access.ts`. */
export function keyRoutes({ keys }: Services): FastifyPluginCallbackZod {
  return (app, _options, done) => {
    app.get(
      '/keys',
      {
        schema: {
          tags,
          security,
          summary: 'All keys, oldest first',
          querystring: pageQuerySchema,
          response: { 200: pageSchema(apiKeySchema), ...refusals },
        },
      },
      async (request) => keys.list(request.query),
    );

    app.post(
      '/keys',
      {
        schema: {
          tags,
          security,
          summary: 'Make a key',
          description: secretOnce,
          body: createKeySchema,
          response: { 201: issuedKeySchema, ...refusals },
        },
      },
      async (request, reply) => {
        const issued = await keys.create(request.body, request.principal.id);
        request.auditSubject = issued.key.id;
        return reply.code(201).send(issued);
      },
    );

    app.get(
      '/keys/self',
      { schema: { tags, security, summary: 'The key that asks: rights, limits, use', response: { 200: apiKeySchema, ...refusals } } },
      async (request) => keys.get(ownId(request)),
    );

    app.post(
      '/keys/self/rotate',
      {
        schema: {
          tags,
          security,
          summary: 'A new secret for the key that asks',
          description: secretOnce,
          body: rotateKeySchema,
          response: { 201: issuedKeySchema, ...refusals },
        },
      },
      async (request, reply) => {
        const issued = await keys.rotate(ownId(request), request.body.overlapS, request.principal.id);
        request.auditSubject = issued.key.id;
        return reply.code(201).send(issued);
      },
    );

    app.post(
      '/keys/:id/rotate',
      {
        schema: {
          tags,
          security,
          summary: 'A new secret with the same rights',
          description: `The old secret works for \`overlapS\` seconds more. ${secretOnce}`,
          params: idParams,
          body: rotateKeySchema,
          response: { 201: issuedKeySchema, 404: problemSchema, 409: problemSchema, ...refusals },
        },
      },
      async (request, reply) => {
        const issued = await keys.rotate(request.params.id, request.body.overlapS, request.principal.id);
        request.auditSubject = issued.key.id;
        return reply.code(201).send(issued);
      },
    );

    app.delete(
      '/keys/:id',
      {
        schema: {
          tags,
          security,
          summary: 'Revoke a key, at once',
          params: idParams,
          response: { 200: apiKeySchema, 404: problemSchema, 409: problemSchema, ...refusals },
        },
      },
      async (request) => {
        request.auditSubject = request.params.id;
        return keys.revoke(request.params.id);
      },
    );

    app.post(
      '/keys/requests',
      {
        config: { rateLimit: { max: REQUESTS_PER_HOUR, timeWindow: 3_600_000, allowList: [] } },
        schema: {
          tags,
          summary: 'Ask for a key',
          description: 'An admin decides. Keep the claim token: it fetches the secret, once.',
          body: requestKeySchema,
          response: { 201: requestedKeySchema, 429: problemSchema },
        },
      },
      async (request, reply) => {
        const requested = await keys.request(request.body);
        request.auditSubject = requested.request.id;
        return reply.code(201).send(requested);
      },
    );

    app.post(
      '/keys/requests/:id/claim',
      {
        schema: {
          tags,
          summary: 'Look at your request, and fetch the secret once it was approved',
          description: secretOnce,
          params: idParams,
          body: claimKeySchema,
          response: { 200: claimedKeySchema, 404: problemSchema },
        },
      },
      async (request) => {
        request.auditSubject = request.params.id;
        return keys.claim(request.params.id, request.body.claimToken);
      },
    );

    app.get(
      '/keys/requests',
      {
        schema: {
          tags,
          security,
          summary: 'Requests for keys, oldest first',
          querystring: pageQuerySchema,
          response: { 200: pageSchema(keyRequestSchema), ...refusals },
        },
      },
      async (request) => keys.listRequests(request.query),
    );

    app.post(
      '/keys/requests/:id/approve',
      {
        schema: {
          tags,
          security,
          summary: 'Grant a key',
          description: 'What is left out is granted as it was wished.',
          params: idParams,
          body: approveRequestSchema,
          response: { 200: keyRequestSchema, 404: problemSchema, 409: problemSchema, ...refusals },
        },
      },
      async (request) => {
        request.auditSubject = request.params.id;
        return keys.approve(request.params.id, request.body, request.principal.id);
      },
    );

    app.post(
      '/keys/requests/:id/reject',
      {
        schema: {
          tags,
          security,
          summary: 'Refuse a key',
          params: idParams,
          response: { 200: keyRequestSchema, 404: problemSchema, 409: problemSchema, ...refusals },
        },
      },
      async (request) => {
        request.auditSubject = request.params.id;
        return keys.reject(request.params.id, request.principal.id);
      },
    );
    done();
  };
}

function ownId({ principal }: FastifyRequest): string {
  if (principal.kind !== 'key') throw new HttpProblem(401, 'permission-denied', 'This is about the key that asks: send one.');
  return principal.id;
}
