/**
 * @file The one table of who may do what. The server refuses to start with a route of the API that is not in it, access is decided
 * by it, operations are named by it in the audit log, and docs/server.md quotes it.
 */
import type { Role } from '../../../src/contracts/keys-api.ts';
import type { PayloadType } from '../../../src/contracts/egress.ts';

/** One route's rules. */
export interface RouteAccess {
  /** Name in the audit log; null: not written down. */
  readonly operation: string | null;
  /** Who needs no key: everybody who reaches the server, programs on this machine only, or nobody. */
  readonly keyless: 'all' | 'local' | 'none';
  /** Least role of a key. */
  readonly role: Role;
  /**
   * How it is written down: each request, on disk before its answer is sent; or reads of a while summed into one row. Reads of
   * collections of persons are written down each.
   */
  readonly audit: 'each' | 'sum';
  /** What a phone sends here leaves a row in the ledger of arrivals. */
  readonly arrival?: PayloadType;
  /** Takes `Idempotency-Key`. `secret`: the answer holds one and is not kept, so a repetition is refused instead of answered. */
  readonly repeat?: 'answer' | 'secret';
  /** Refused by a server that only reads: it has nothing of this, or only a copy that it must not change. */
  readonly isWritersOnly?: true;
  /** Also of a collection of persons open to all: what somebody is asked to agree to. */
  readonly isForSubjects?: true;
  /** Header dates of a route that will go. */
  readonly deprecated?: { readonly since: string; readonly sunset: string };
}

type Rows = Readonly<Record<`${'GET' | 'POST' | 'PUT' | 'DELETE'} /v1/${string}`, RouteAccess>>;

/** Reading that is open to everybody who reaches the server: the demo and phones in the shop. */
const open = (operation: string | null, more: Partial<RouteAccess> = {}): RouteAccess => ({
  ...{ operation, keyless: 'all', role: 'viewer', audit: 'sum' },
  ...more,
});
/** Keeping the catalogue: programs on this machine, and operators. */
const keep = (operation: string, more: Partial<RouteAccess> = {}): RouteAccess => ({
  ...{ operation, keyless: 'local', role: 'operator', audit: 'each', repeat: 'answer' },
  ...more,
});
/** Recognition for developers: any key, and programs on this machine. Who sees a job is decided by whose it is. */
const ask = (operation: string, more: Partial<RouteAccess> = {}): RouteAccess => ({
  ...{ operation, keyless: 'local', role: 'viewer', audit: 'sum' },
  ...more,
});
const read = (operation: string | null, role: Role, more: Partial<RouteAccess> = {}): RouteAccess => ({
  ...{ operation, keyless: 'none', role, audit: 'each' },
  ...more,
});
const change = (operation: string, role: Role, more: Partial<RouteAccess> = {}): RouteAccess => ({
  ...{ operation, keyless: 'none', role, audit: 'each', repeat: 'answer' },
  ...more,
});

/** `METHOD /path` as the router knows it. A collection of persons needs a key whatever this says. */
export const ROUTE_ACCESS: Rows = {
  'GET /v1/health': open(null),
  'GET /v1/openapi.json': open(null),

  'GET /v1/collections': open('collections.list'),
  'POST /v1/collections': keep('collections.create', { isWritersOnly: true }),
  'DELETE /v1/collections/:name': change('collections.remove', 'admin', { isWritersOnly: true }),
  'POST /v1/collections/:name/ingest': {
    operation: 'items.ingest',
    keyless: 'local',
    role: 'operator',
    audit: 'each',
    isWritersOnly: true,
  },
  'GET /v1/collections/:name/ingest/:job': {
    operation: 'items.ingest-progress',
    keyless: 'local',
    role: 'operator',
    audit: 'sum',
    isWritersOnly: true,
  },
  'GET /v1/collections/:name/export': { operation: 'items.export', keyless: 'local', role: 'operator', audit: 'each' },
  'GET /v1/collections/:name': open('collections.read'),
  'POST /v1/collections/:name/search': open('items.search', { arrival: 'vector' }),
  'GET /v1/collections/:name/items/:id': open('items.read'),
  'POST /v1/collections/:name/items': keep('items.upsert', { isWritersOnly: true }),
  'DELETE /v1/collections/:name/items': keep('items.delete', { isWritersOnly: true }),
  'GET /v1/products/:id': open('products.read'),
  'GET /v1/products': open('products.lookup', { arrival: 'text' }),
  'POST /v1/products': keep('products.upsert', { isWritersOnly: true }),

  'GET /v1/models': open('models.list'),
  'GET /v1/models/:model': open('models.read'),
  'POST /v1/models': change('models.add', 'admin'),
  'DELETE /v1/models/:model': change('models.remove', 'admin'),
  'PUT /v1/model-files/:sha256': read('models.file', 'admin'),
  'POST /v1/recognise/:model': ask('recognition.run'),
  'POST /v1/recognise/:model/batch': ask('recognition.run'),
  'POST /v1/recognitions': ask('recognition.start', { audit: 'each', repeat: 'answer' }),
  'GET /v1/recognitions': ask('recognition.list'),
  'GET /v1/recognitions/:id': ask('recognition.read'),
  'GET /v1/recognitions/:id/results': ask('recognition.read'),
  'DELETE /v1/recognitions/:id': ask('recognition.cancel', { audit: 'each', repeat: 'answer' }),

  'POST /v1/webhooks': change('webhooks.create', 'viewer', { repeat: 'secret' }),
  'GET /v1/webhooks': read('webhooks.list', 'viewer', { audit: 'sum' }),
  'GET /v1/webhooks/:id': read('webhooks.read', 'viewer', { audit: 'sum' }),
  'DELETE /v1/webhooks/:id': change('webhooks.remove', 'viewer'),
  'POST /v1/webhooks/:id/test': change('webhooks.test', 'viewer'),
  'GET /v1/webhooks/:id/deliveries': read('webhooks.deliveries', 'viewer', { audit: 'sum' }),

  'GET /v1/packs': open('packs.list'),
  'GET /v1/packs/:id': open('packs.read'),
  'GET /v1/packs/:id/parts/:sha256': open('packs.part'),
  'DELETE /v1/packs/:id': keep('packs.withdraw', { isWritersOnly: true }),
  'POST /v1/pack-builds': keep('packs.build', { isWritersOnly: true }),
  'GET /v1/pack-builds': { operation: 'packs.builds', keyless: 'local', role: 'operator', audit: 'sum', isWritersOnly: true },
  'GET /v1/pack-builds/:id': { operation: 'packs.builds', keyless: 'local', role: 'operator', audit: 'sum', isWritersOnly: true },

  'POST /v1/shelf-visits': {
    operation: 'shelf-visits.hand-in',
    keyless: 'all',
    role: 'viewer',
    audit: 'each',
    arrival: 'report',
    isWritersOnly: true,
  },
  'GET /v1/shelf-visits': { operation: 'shelf-visits.list', keyless: 'local', role: 'operator', audit: 'sum', isWritersOnly: true },
  'GET /v1/shelf-visits/:id': { operation: 'shelf-visits.read', keyless: 'local', role: 'operator', audit: 'sum', isWritersOnly: true },
  'DELETE /v1/shelf-visits/:id': keep('shelf-visits.remove', { isWritersOnly: true }),

  'POST /v1/race-galleries': keep('race-galleries.publish', { arrival: 'gallery', isWritersOnly: true }),
  'POST /v1/race-galleries/:id/photos/:photo': {
    isWritersOnly: true,
    ...{ operation: 'race-galleries.picture', keyless: 'local', role: 'operator', audit: 'each', arrival: 'thumbnail' },
  },
  'GET /v1/race-galleries/take-downs': {
    operation: 'race-galleries.take-downs',
    keyless: 'local',
    role: 'operator',
    audit: 'sum',
    isWritersOnly: true,
  },
  'GET /v1/g/:token': open('race-galleries.open', { isWritersOnly: true }),
  'GET /v1/g/:token/photos/:photo': open('race-galleries.open', { isWritersOnly: true }),
  'POST /v1/g/:token/take-down': {
    operation: 'race-galleries.take-down',
    keyless: 'all',
    role: 'viewer',
    audit: 'each',
    isWritersOnly: true,
  },

  'GET /v1/collections/:name/items/:id/thumbnail': read('thumbnails.read', 'viewer', { isWritersOnly: true }),
  'PUT /v1/collections/:name/items/:id/thumbnail': keep('thumbnails.write', { isWritersOnly: true }),
  'GET /v1/collections/:name/thumbnails': {
    operation: 'thumbnails.list',
    keyless: 'local',
    role: 'operator',
    audit: 'sum',
    isWritersOnly: true,
  },
  'GET /v1/collections/:name/rules': open('rules.read', { isForSubjects: true }),
  'PUT /v1/collections/:name/rules': change('rules.write', 'admin', { isWritersOnly: true }),
  'POST /v1/collections/:name/erasures': change('items.erase', 'operator', { isWritersOnly: true }),
  'GET /v1/erasures': read('erasures.list', 'operator', { isWritersOnly: true }),
  'GET /v1/erasures/:id': read('erasures.read', 'operator', { isWritersOnly: true }),
  'GET /v1/persons/:id': read('persons.export', 'admin', { isWritersOnly: true }),
  'DELETE /v1/persons/:id': change('persons.erase', 'admin', { isWritersOnly: true }),

  // Asked every second: the handler writes down what was sent.
  'GET /v1/replica-state': read(null, 'replica', { isWritersOnly: true }),

  'GET /v1/audit': read('audit.read', 'admin'),
  'GET /v1/audit/check': read('audit.check', 'admin'),
  'GET /v1/arrivals': read('arrivals.read', 'admin'),
  'GET /v1/metrics': read(null, 'operator'),
  'GET /v1/operations': read(null, 'operator'),
  'GET /v1/storage': read('storage.read', 'operator', { audit: 'sum' }),

  'POST /v1/keys/requests': { operation: 'keys.request', keyless: 'all', role: 'viewer', audit: 'each', isWritersOnly: true },
  'POST /v1/keys/requests/:id/claim': { operation: 'keys.claim', keyless: 'all', role: 'viewer', audit: 'each', isWritersOnly: true },
  'GET /v1/keys/requests': read('keys.requests', 'admin', { isWritersOnly: true }),
  'POST /v1/keys/requests/:id/approve': change('keys.approve', 'admin', { isWritersOnly: true }),
  'POST /v1/keys/requests/:id/reject': change('keys.reject', 'admin', { isWritersOnly: true }),
  'GET /v1/keys': read('keys.list', 'admin'),
  'POST /v1/keys': change('keys.create', 'admin', { repeat: 'secret', isWritersOnly: true }),
  'GET /v1/keys/self': read('keys.self', 'viewer', { audit: 'sum' }),
  'POST /v1/keys/self/rotate': change('keys.rotate', 'viewer', { repeat: 'secret', isWritersOnly: true }),
  'POST /v1/keys/:id/rotate': change('keys.rotate', 'admin', { repeat: 'secret', isWritersOnly: true }),
  'DELETE /v1/keys/:id': change('keys.revoke', 'admin', { isWritersOnly: true }),
};

/** @returns rules of a route. `HEAD` is as `GET`. @throws when the table has no row: a mistake of ours, found at start. */
export function routeAccess(method: string, path: string): RouteAccess {
  const rows: Readonly<Record<string, RouteAccess>> = ROUTE_ACCESS;
  const name = `${method === 'HEAD' ? 'GET' : method} ${path}`;
  const row = rows[name];
  if (row === undefined) throw new Error(`No access rules for "${name}": add a row to server/services/keys/route-access.ts.`);
  return row;
}

const KEYLESS = { all: 'all', local: 'this machine', none: 'nobody' } as const;

/** The table as docs/server.md quotes it. */
export function accessTable(): string {
  return [
    '| route | without a key | with a key | audit log | a reader |',
    '|---|---|---|---|---|',
    ...Object.entries(ROUTE_ACCESS).map(
      ([route, { keyless, role, operation, audit, isWritersOnly }]) =>
        `| \`${route}\` | ${KEYLESS[keyless]} | ${role} | ${operation === null ? '–' : `\`${operation}\`, ${audit === 'each' ? 'each' : 'summed'}`} | ` +
        `${isWritersOnly === true ? '403' : 'yes'} |`,
    ),
  ].join('\n');
}
