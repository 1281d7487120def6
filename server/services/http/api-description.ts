/**
 * @file Completes the OpenAPI document that the routes' schemas give: what each status means, problems as problem details, headers that every answer
 * may have, and the messages that webhooks send.
 */
import { z } from 'zod';
import { problemSchema } from '../../../src/contracts/server-api.ts';
import { webhookPayloadSchema } from '../../../src/contracts/webhooks-api.ts';
import { PROBLEM_TYPE, titleOf } from './problem.ts';

/** The parts of an OpenAPI document that are touched; everything else is passed on. */
interface Document {
  readonly components?: { readonly schemas?: Record<string, unknown> };
  readonly paths?: Record<string, Record<string, Operation>>;
}
interface Operation {
  readonly tags?: readonly string[];
  readonly security?: readonly Record<string, unknown>[];
  responses?: Record<string, Response>;
}
interface Response {
  description?: string;
  headers?: Record<string, unknown>;
  content?: Record<string, unknown>;
}

const SUCCESSES: Readonly<Record<string, string>> = {
  200: 'Done.',
  201: 'Made.',
  202: 'Taken; it goes on by itself.',
  204: 'Done; there is nothing to say.',
  206: 'The part that was asked for.',
  304: 'You have it already.',
};
/** What every route may answer, whether its schema says so or not. */
const ALWAYS = ['429', '500'];

const header = (description: string) => ({ description, schema: { type: 'integer' } });
const HEADERS = {
  'X-RateLimit-Limit': header('Requests a minute.'),
  'X-RateLimit-Remaining': header('Requests left in this minute.'),
  'X-RateLimit-Reset': header('Seconds until the minute ends.'),
  'X-Quota-Limit': header('Requests a day of this key; absent without a quota.'),
  'X-Quota-Remaining': header('Requests left today.'),
  'X-Quota-Reset': header('Seconds until the day ends (UTC).'),
};
const RETRY_AFTER = { 'Retry-After': header('Seconds to wait before trying again.') };
const LOCATION = { Location: { description: 'Address of the job.', schema: { type: 'string' } } };

const TAGS = [
  { name: 'recognition', description: 'Images in; tags, boxes, text, codes or vectors out. Quick start: docs/api.md.' },
  { name: 'webhooks', description: 'Hear of jobs that are over.' },
  { name: 'models', description: 'Models of partners, by manifest.' },
];

/** @returns the document, completed; what was given is changed and returned. */
export function completeApiDescription(document: object): object {
  const { paths = {}, components } = document as Document;
  for (const operations of Object.values(paths)) for (const operation of Object.values(operations)) complete(operation);
  return {
    ...document,
    servers: [{ url: '/', description: 'This server' }],
    tags: TAGS,
    components: { ...components, schemas: { ...components?.schemas, Problem: problemJsonSchema() } },
    webhooks: {
      recognitionFinished: {
        post: {
          summary: 'What a webhook sends',
          description: 'Signed by Standard Webhooks 1.0. Answer 2xx within 10 seconds.',
          parameters: ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => ({
            ...{ name, in: 'header', required: true, schema: { type: 'string' } },
          })),
          requestBody: { required: true, content: { 'application/json': { schema: z.toJSONSchema(webhookPayloadSchema) } } },
          responses: { 200: { description: 'Taken.' }, 410: { description: 'Never send anything here again.' } },
        },
      },
    },
  };
}

function complete(operation: Operation): void {
  const responses = (operation.responses ??= {});
  for (const status of ALWAYS) responses[status] ??= {};
  for (const [status, response] of Object.entries(responses)) {
    const isProblem = status >= '400';
    if (response.description === undefined || response.description === 'Default Response')
      response.description = isProblem ? `${titleOf(Number(status))}.` : (SUCCESSES[status] ?? 'Done.');
    if (isProblem) response.content = { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } };
    response.headers = {
      ...(isProblem && status !== '429' ? {} : HEADERS),
      ...(status === '202' ? LOCATION : {}),
      ...(status === '429' || status === '503' ? RETRY_AFTER : {}),
      ...response.headers,
    };
  }
}

function problemJsonSchema(): object {
  return { ...z.toJSONSchema(problemSchema, { io: 'input' }), description: 'RFC 9457 problem details; `code` is one of a closed set.' };
}
