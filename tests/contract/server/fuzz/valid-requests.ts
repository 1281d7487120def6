/** @file A valid request for every route of the API, to be spoiled. A route that has no body here gets an empty object. */
import { unitVector } from '../test-server.ts';

export const SPACE = 'test-embedding@1';
export const D = 8;

/** What a path's parameters may be, so that some requests reach something. */
const PARAMETERS: Readonly<Record<string, readonly string[]>> = {
  name: ['things', 'guests', 'things', 'nothing'],
  id: ['thing-1', 'guest-1', 'p1', 'shelf', 'person-1', '00000000-0000-0000-0000-000000000000'],
  job: ['job-1'],
  sha256: ['0'.repeat(64)],
  model: ['text', 'barcode'],
  photo: ['c'.repeat(16)],
  token: ['t'.repeat(43), 'x'],
};

/** Routes whose body is JSON, and an example. */
const BODIES: Readonly<Record<string, () => unknown>> = {
  'POST /v1/collections': () => ({
    ...{ name: 'things', space: SPACE, dimensions: D, metric: 'cosine', fields: { shop: 'keyword' } },
    ...{ retention: { maximumAgeS: 1_000_000 }, quota: { maximumItems: 100_000 } },
  }),
  'POST /v1/collections/:name/search': () => ({
    ...{ space: SPACE, vector: unitVector(D, 3), k: 5 },
    filter: { eq: { shop: 'corner' }, in: { shop: ['a', 'b'] }, range: { shop: { gte: 1 } } },
  }),
  'POST /v1/collections/:name/items': () => ({
    space: SPACE,
    items: [
      { id: 'thing-9', productId: 'p1', vector: unitVector(D, 9), metadata: { shop: 'corner', note: 'x' } },
      { id: 'thing-8', productId: 'p1', vector: unitVector(D, 8), validUntilMs: 4_000_000_000_000, consent: { atMs: 1, text: 'Form A' } },
    ],
  }),
  'DELETE /v1/collections/:name/items': () => ({ ids: ['thing-9', 'nothing'] }),
  'POST /v1/collections/:name/erasures': () => ({ ids: ['thing-8'] }),
  'POST /v1/products': () => ({
    products: [{ id: 'p9', name: { en: 'Nine', ja: '九' }, gtins: ['04901234567894'], source: 'fuzz', updatedAtMs: 1 }],
  }),
  'POST /v1/pack-builds': () => ({
    id: 'fuzzed',
    kind: 'shop',
    title: { en: 'Fuzzed' },
    collections: [{ name: 'things' }],
    validForDays: 3,
  }),
  'POST /v1/race-galleries': () => ({
    gallery: {
      ...{ format: 'mekiki-race-gallery', version: 1, id: 'a'.repeat(32), tokenHash: 'b'.repeat(64), event: 'Run', day: '2026-11-21' },
      ...{
        bib: '7',
        name: '',
        photographer: '',
        expiresAtMs: 4_000_000_000_000,
        photos: [{ id: 'c'.repeat(16), takenAt: null, isGoal: true }],
      },
    },
  }),
  'PUT /v1/collections/:name/rules': () => ({ holds: 'things', purpose: '', retention: { maximumAgeS: null }, thumbnails: true }),
  'POST /v1/keys/requests': () => ({ name: 'Fuzz', purpose: 'Fuzz', role: 'viewer', collections: ['things'] }),
  'POST /v1/keys/requests/:id/claim': () => ({ claimToken: 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG' }),
  'POST /v1/keys/requests/:id/approve': () => ({ role: 'viewer' }),
  'POST /v1/keys': () => ({ name: 'Fuzz', purpose: 'Fuzz', role: 'viewer', expiresAtMs: 4_000_000_000_000 }),
  'POST /v1/keys/self/rotate': () => ({ overlapS: 60 }),
  'POST /v1/keys/:id/rotate': () => ({ overlapS: 60 }),
};

/** Routes that take parameters in the query. */
const QUERIES: Readonly<Record<string, string>> = {
  'POST /v1/collections/:name/ingest': `?job=job-1&space=${encodeURIComponent(SPACE)}&from=0&last=false`,
  'GET /v1/collections/:name/export': '?format=ndjson',
  'GET /v1/products': '?gtin=04901234567894',
  'GET /v1/replica-state': '?server=00000000-0000-4000-8000-000000000000&keys=1&rules=1&packs=1&cursor=WzEsImEiLCJiIl0&asOfMs=1',
  'GET /v1/erasures': '?limit=2&cursor=WzEsImEiXQ',
  'GET /v1/audit': '?limit=2&cursor=WzEsImEiXQ',
  'GET /v1/arrivals': '?limit=2&cursor=WzEsImEiXQ',
  'GET /v1/keys': '?limit=2&cursor=WzEsImEiXQ',
  'GET /v1/keys/requests': '?limit=2&cursor=WzEsImEiXQ',
  'GET /v1/audit/check': `?head=${'0'.repeat(64)}`,
};

/** A request before it is spoiled. */
export interface ValidRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly type: string | null;
  /** JSON value, or bytes of another type. */
  readonly body: unknown;
}

/** @param route as `route-access.ts` names it. @param pick chooses one of several. */
export function validRequest(route: string, pick: <Value>(values: readonly Value[]) => Value): ValidRequest {
  const [method = '', pattern = ''] = route.split(' ');
  const path = pattern.replaceAll(/:(\w+)/g, (_, name: string) => pick(PARAMETERS[name] ?? ['x']));
  const query = QUERIES[route] ?? '';
  if (route.endsWith('/ingest')) {
    const lines = [1, 2, 3].map((n) => `${JSON.stringify({ id: `row-${n}`, vector: unitVector(D, n) })}\n`).join('');
    return { method, path, query, type: 'application/x-ndjson', body: Buffer.from(lines) };
  }
  if (method === 'PUT' && route.endsWith('/thumbnail'))
    return { method, path, query, type: 'image/jpeg', body: Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46]) };
  if (route.endsWith('/photos/:photo') && method === 'POST')
    return { method, path, query, type: 'image/jpeg', body: Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46]) };
  if (route.endsWith('/take-down')) return { method, path, query, type: 'application/x-www-form-urlencoded', body: Buffer.from('') };
  const body = BODIES[route]?.() ?? (method === 'POST' || method === 'PUT' ? {} : null);
  return { method, path, query, type: body === null ? null : 'application/json', body };
}
