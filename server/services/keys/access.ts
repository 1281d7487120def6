/**
 * @file Decides who may use a route, by the table of `route-access.ts`. [Note: Hostile pages] A page of another site may make a
 * browser on this machine call us: names that are not ours are refused, requests that change something are refused from origins that
 * were not allowed, such a request never counts as local, and answers may be read by allowed origins only.
 */
import type { FastifyInstance, FastifyRequest, onRequestHookHandler } from 'fastify';
import { ROLES, type Role } from '../../../src/contracts/keys-api.ts';
import { PRODUCT_COLLECTION } from '../../../src/contracts/server-api.ts';
import type { ServerConfig } from '../../config.ts';
import { isForeign, type Principal } from './principal.ts';
import { HttpProblem } from '../http/problem.ts';
import { routeAccess, type RouteAccess } from './route-access.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: RouteAccess;
  }
}

/** What the decision needs to know about collections. */
export interface AccessDependencies {
  readonly config: ServerConfig;
  /** True when a collection holds persons: it is closed to everybody without a key that names it. */
  readonly holdsPersons: (collection: string) => boolean;
}

/** Guard every route of the API that is registered after this. @throws at registration for a route without rules. */
export function guardRoutes(api: FastifyInstance, dependencies: AccessDependencies): void {
  api.addHook('onRoute', (route) => {
    for (const method of [route.method].flat()) {
      // Preflights ask for nothing; the plugin of CORS answers them.
      if (method === 'OPTIONS') continue;
      const access = routeAccess(method, route.url);
      route.config = { ...route.config, access };
      const guard: onRequestHookHandler = (request, _reply, done) => {
        authorise(request, access, dependencies);
        done();
      };
      route.onRequest = [...[route.onRequest ?? []].flat(), guard];
    }
  });
}

function authorise(request: FastifyRequest, access: RouteAccess, { config, holdsPersons }: AccessDependencies): void {
  const { principal } = request;
  const isChange = request.method !== 'GET' && request.method !== 'HEAD';
  if (isChange && isForeign(request) && !config.allowedOrigins.includes(request.headers.origin ?? ''))
    throw new HttpProblem(
      403,
      'permission-denied',
      'Pages of other sites may not call this. Start the server with --allow-origin to change that.',
    );
  if (principal.kind === 'refused') throw new HttpProblem(401, 'permission-denied', principal.reason);

  const isKeyless = access.keyless === 'all' || (access.keyless === 'local' && principal.kind === 'local');
  if (!isKeyless) {
    if (principal.kind !== 'key')
      throw new HttpProblem(401, 'permission-denied', `This needs the key of ${articled(access.role)}: Authorization: Bearer <key>.`);
    if (!isAtLeast(principal.key.role, access.role))
      throw new HttpProblem(
        403,
        'permission-denied',
        `This needs the key of ${articled(access.role)}; yours is of ${articled(principal.key.role)}.`,
      );
  }
  const collection = collectionOf(request);
  if (collection !== null && access.isForSubjects !== true && !mayReach(principal, collection, holdsPersons)) {
    if (principal.kind === 'key')
      throw new HttpProblem(403, 'permission-denied', `Your key does not reach the collection "${collection}".`);
    throw new HttpProblem(401, 'permission-denied', 'This collection holds persons: it needs a key that names it.');
  }
}

/** @returns true when a principal may know of a collection. Persons: admins, and keys that name the collection. */
export function mayReach(principal: Principal, collection: string, holdsPersons: (name: string) => boolean): boolean {
  if (principal.kind !== 'key') return !holdsPersons(collection);
  const { role, collections } = principal.key;
  if (role === 'admin') return true;
  return collections === null ? !holdsPersons(collection) : collections.includes(collection);
}

/** @returns the collection that a request is about. Products are what the collection of products shows. */
export function collectionOf(request: FastifyRequest): string | null {
  const { name } = request.params as { name?: string };
  if (name !== undefined) return name;
  return request.routeOptions.url?.startsWith('/v1/products') === true ? PRODUCT_COLLECTION : null;
}

/** @returns true when `role` may do what `least` may. */
function isAtLeast(role: Role, least: Role): boolean {
  return least === 'replica' ? role === least : ROLES.indexOf(role) >= ROLES.indexOf(least);
}

function articled(role: Role): string {
  return role === 'viewer' || role === 'replica' ? `a ${role}` : `an ${role}`;
}
