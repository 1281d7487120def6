/** @file The OpenAPI document is complete, and its examples are what the schemas accept. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { modelManifestSchema } from '../../../src/contracts/model-manifest.ts';
import { recognitionJobSchema, recognitionSchema } from '../../../src/contracts/recognise-api.ts';
import { problemSchema } from '../../../src/contracts/server-api.ts';
import type { App } from '../../../server/app.ts';
import { ROUTE_ACCESS } from '../../../server/services/keys/route-access.ts';
import { removeFolders, startApp } from './test-server.ts';

const responseSchema = z.looseObject({
  description: z.string().min(1),
  headers: z.record(z.string(), z.unknown()),
  content: z.record(z.string(), z.unknown()).optional(),
});
const operationSchema = z.looseObject({
  summary: z.string().min(1),
  tags: z.array(z.string()).min(1),
  requestBody: z.looseObject({ content: z.record(z.string(), z.unknown()) }).optional(),
  responses: z.record(z.string(), responseSchema),
});
const documentSchema = z.looseObject({
  openapi: z.literal('3.1.0'),
  paths: z.record(z.string(), z.record(z.string(), operationSchema)),
  components: z.looseObject({ schemas: z.looseObject({ Problem: z.looseObject({ type: z.literal('object') }) }) }),
  webhooks: z.record(z.string(), z.unknown()),
});

let app: App;
let document: z.infer<typeof documentSchema>;
beforeAll(async () => {
  app = await startApp();
  document = documentSchema.parse((await app.http.inject({ url: '/v1/openapi.json' })).json());
});
afterAll(async () => {
  await app.http.close();
  removeFolders();
});
/** Routes with their operations, as the table of access names them. */
const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
      operation,
    })),
  );

it('describes every route of the API but the document itself, and the pages that runners’ links lead to', () => {
  const described = operations().map(({ name }) => name);
  expect(new Set(described)).toEqual(
    new Set(Object.keys(ROUTE_ACCESS).filter((route) => route !== 'GET /v1/openapi.json' && !route.includes('/v1/g/'))),
  );
});

it('says what each status means, and that problems are problem details', () => {
  for (const { name, operation } of operations())
    for (const [status, response] of Object.entries(operation.responses)) {
      expect(response.description, `${name} ${status}`).not.toBe('Default Response');
      if (status >= '400') expect(Object.keys(response.content ?? {}), `${name} ${status}`).toEqual(['application/problem+json']);
      if (status === '429' || status === '503') expect(response.headers).toHaveProperty('Retry-After');
    }
});

it('says which bodies the recognition routes take', () => {
  const bodyOf = (route: string) => Object.keys(operations().find(({ name }) => name === route)?.operation.requestBody?.content ?? {});
  expect(bodyOf('POST /v1/recognise/:model')).toEqual(['image/jpeg', 'image/png', 'image/webp', 'image/avif']);
  expect(bodyOf('POST /v1/recognise/:model/batch')).toEqual(['multipart/form-data']);
  expect(bodyOf('POST /v1/recognitions')).toEqual(['multipart/form-data']);
  expect(bodyOf('POST /v1/collections/:name/search')).toEqual(['application/json']);
});

describe('examples', () => {
  it.each([
    ['recognition', recognitionSchema],
    ['job', recognitionJobSchema],
    ['problem', problemSchema],
    ['manifest', modelManifestSchema],
  ] as [string, z.ZodType][])('of a %s are accepted by their own schema', (_name, schema) => {
    const { examples } = z.looseObject({ examples: z.array(z.unknown()).min(1) }).parse(schema.meta());
    for (const example of examples) schema.parse(example);
  });
});

it('the webhook message is described', () => {
  expect(JSON.stringify(document.webhooks)).toContain('recognition.finished');
});
