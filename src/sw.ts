/**
 * @file Service worker: keeps the shell for offline use, and the workers' code and runtimes once they were used. Models belong to
 * `models/weights.ts` (own cache, own checks) and pass through untouched. Thread: service worker.
 */
import { clientsClaim } from 'workbox-core';
import { CacheFirst, StaleWhileRevalidate } from 'workbox-strategies';
import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from 'workbox-precaching';
import { NavigationRoute, registerRoute } from 'workbox-routing';

declare const self: ServiceWorkerGlobalScope;

/** Only whole answers are kept; a 206 or an error page in the cache would stay for ever. */
const onlyGood = {
  cacheWillUpdate: ({ response }: { response: Response }): Promise<Response | null> =>
    Promise.resolve(response.status === 200 && response.type === 'basic' ? response : null),
};

// The first visit already fetches models; from then on it is under the worker's care.
clientsClaim();
precacheAndRoute(self.__WB_MANIFEST);
cleanupOutdatedCaches();

// Every screen is the same page; the API and its documentation are not screens.
registerRoute(new NavigationRoute(createHandlerBoundToURL('/index.html'), { denylist: [/^\/v1(\/|$)/, /^\/trust(\/|$)/] }));

// Hashed or versioned names: what was right once stays right. `.wasm` files are fetched, checked and kept by models/weights.ts.
registerRoute(
  ({ url }) => url.origin === self.location.origin && /^\/(assets|wasm)\//.test(url.pathname) && !url.pathname.endsWith('.wasm'),
  new CacheFirst({ cacheName: 'code-1', plugins: [onlyGood] }),
);
registerRoute(
  ({ url }) => url.origin === self.location.origin && url.pathname.startsWith('/demo/'),
  new StaleWhileRevalidate({ cacheName: 'demo-1', plugins: [onlyGood] }),
);

self.addEventListener('message', (event: ExtendableMessageEvent) => {
  if ((event.data as { type?: unknown } | null)?.type === 'SKIP_WAITING') void self.skipWaiting();
});
