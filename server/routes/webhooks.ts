/** @file Routes of webhooks: a key registers where it wants to hear of its jobs. Who may use them is decided by `route-access.ts`. */
import type { FastifyRequest } from 'fastify';
import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { keyIdSchema } from '../../src/contracts/keys-api.ts';
import { pageQuerySchema, pageSchema } from '../../src/contracts/page-api.ts';
import { problemSchema } from '../../src/contracts/server-api.ts';
import {
  createWebhookSchema,
  issuedWebhookSchema,
  webhookDeliverySchema,
  webhookSchema,
  type Webhook,
  type WebhookDelivery,
} from '../../src/contracts/webhooks-api.ts';
import type { Services } from '../services/open-services.ts';
import { ownerOf } from '../services/keys/principal.ts';
import type { WebhookViewer } from '../services/webhooks/webhook-service.ts';

const idParams = z.strictObject({ id: keyIdSchema });
const tags = ['webhooks'];
const security = [{ apiKey: [] }];
const refusals = { 400: problemSchema, 401: problemSchema, 403: problemSchema, 404: problemSchema, 409: problemSchema };

export function webhookRoutes({ webhooks }: Pick<Services, 'webhooks'>): FastifyPluginCallbackZod {
  return (app, _options, done) => {
    app.post(
      '/webhooks',
      {
        schema: {
          tags,
          security,
          summary: 'Register where you want to hear of your jobs',
          description:
            'HTTPS and public addresses only. Messages are signed by Standard Webhooks 1.0 (`webhook-id`, `webhook-timestamp`, `webhook-signature`) with the ' +
            'secret in this answer, which is shown once. Answer 2xx within 10 s; else the message comes again after 5 s, 5 min, 30 min, 2 h, 5 h, ' +
            '10 h, 14 h, 20 h and 24 h, then the webhook is disabled. 410 disables it at once. Messages may come twice: see `webhook-id`.',
          body: createWebhookSchema,
          response: { 201: issuedWebhookSchema, ...refusals },
        },
      },
      async (request, reply) => {
        const { webhook, secret } = await webhooks.register(ownerOf(request.principal), request.body);
        request.auditSubject = webhook.id;
        return reply.code(201).send({ webhook: described(webhook), secret });
      },
    );

    app.get(
      '/webhooks',
      {
        schema: {
          tags,
          security,
          summary: 'Your webhooks, oldest first; an admin sees everybody’s',
          querystring: pageQuerySchema,
          response: { 200: pageSchema(webhookSchema), ...refusals },
        },
      },
      async (request) => {
        const { items, nextCursor } = await webhooks.list(viewerOf(request), request.query);
        return { items: items.map(described), nextCursor };
      },
    );

    app.get(
      '/webhooks/:id',
      { schema: { tags, security, summary: 'One webhook', params: idParams, response: { 200: webhookSchema, ...refusals } } },
      async (request) => described(await webhooks.get(request.params.id, viewerOf(request))),
    );

    app.delete(
      '/webhooks/:id',
      {
        schema: {
          tags,
          security,
          summary: 'Remove a webhook with its log and what waits',
          params: idParams,
          response: { 204: z.null(), ...refusals },
        },
      },
      async (request, reply) => {
        request.auditSubject = request.params.id;
        await webhooks.remove(request.params.id, viewerOf(request));
        return reply.code(204).send(null);
      },
    );

    app.post(
      '/webhooks/:id/test',
      {
        schema: {
          tags,
          security,
          summary: 'Send a message of type `webhook.test`',
          params: idParams,
          response: { 202: webhookDeliverySchema, ...refusals },
        },
      },
      async (request, reply) => {
        request.auditSubject = request.params.id;
        return reply.code(202).send(logged(await webhooks.test(request.params.id, viewerOf(request))));
      },
    );

    app.get(
      '/webhooks/:id/deliveries',
      {
        schema: {
          tags,
          security,
          summary: 'What was sent and how it went, newest first; kept for 7 days',
          params: idParams,
          querystring: pageQuerySchema,
          response: { 200: pageSchema(webhookDeliverySchema), ...refusals },
        },
      },
      async (request) => {
        const { items, nextCursor } = await webhooks.deliveries(request.params.id, viewerOf(request), request.query);
        return { items: items.map(logged), nextCursor };
      },
    );
    done();
  };
}

function viewerOf({ principal }: FastifyRequest): WebhookViewer {
  return principal.kind === 'key' && principal.key.role === 'admin' ? 'admin' : { owner: ownerOf(principal) };
}

/** Without secret and owner. */
function described(webhook: Webhook): Webhook {
  return webhookSchema.strip().parse(webhook);
}

function logged(delivery: WebhookDelivery): WebhookDelivery {
  return webhookDeliverySchema.strip().parse(delivery);
}
