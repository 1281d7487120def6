/** @file Numbers for Prometheus: requests, times, event loop, memory, what is stored. No names of people, no ids, no content. */
import type { FastifyInstance } from 'fastify';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { CollectionStore } from '../collections/collection-store.ts';
import type { StateCopy } from '../replicas/state-copy.ts';
import type { Recogniser } from '../recognition/recogniser.ts';

/** Seconds; from a cached look-up to a scan of millions. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** The registry of one server. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #seconds: Histogram<'method' | 'route' | 'status'>;
  readonly #refused: Counter<'status'>;

  /** @param store asked for its sizes at each scrape. @param recogniser asked how busy it is. @param copy null: this server writes. */
  constructor(store: CollectionStore, recogniser: Pick<Recogniser, 'running' | 'waiting'>, copy: Pick<StateCopy, 'writer'> | null) {
    collectDefaultMetrics({ register: this.#registry, prefix: 'mekiki_' });
    this.#seconds = new Histogram({
      name: 'mekiki_http_request_seconds',
      help: 'Time to answer a request of the API',
      labelNames: ['method', 'route', 'status'],
      buckets: BUCKETS,
      registers: [this.#registry],
    });
    this.#refused = new Counter({
      name: 'mekiki_http_refused_total',
      help: 'Requests that were refused for want of a right or beyond a limit',
      labelNames: ['status'],
      registers: [this.#registry],
    });
    const items: Gauge<'collection'> = new Gauge({
      name: 'mekiki_collection_items',
      help: 'Items of a collection',
      labelNames: ['collection'],
      registers: [this.#registry],
      async collect() {
        items.reset();
        for (const { name, count } of await store.list()) items.set({ collection: name }, count);
      },
    });
    const images: Gauge<'state'> = new Gauge({
      name: 'mekiki_recogniser_images',
      help: 'Images that are being recognised, and that wait for it',
      labelNames: ['state'],
      registers: [this.#registry],
      collect: () => {
        images.set({ state: 'running' }, recogniser.running);
        images.set({ state: 'waiting' }, recogniser.waiting);
      },
    });
    const degraded: Gauge = new Gauge({
      name: 'mekiki_degraded',
      help: '1 when a collection was set aside or its index failed its check',
      registers: [this.#registry],
      collect: () => {
        degraded.set(store.isDegraded ? 1 : 0);
      },
    });
    if (copy === null) return;
    const heard: Gauge = new Gauge({
      name: 'mekiki_writer_heard_seconds',
      help: 'When the server that writes was heard last, Unix time; 0: never',
      registers: [this.#registry],
      collect: () => {
        heard.set((copy.writer.heardAtMs ?? 0) / 1000);
      },
    });
  }

  /** Measure every answer of the API. */
  measure(api: FastifyInstance): void {
    api.addHook('onResponse', (request, reply, done) => {
      const labels = { method: request.method, route: request.routeOptions.url ?? 'none', status: String(reply.statusCode) };
      this.#seconds.observe(labels, reply.elapsedTime / 1000);
      if ([401, 403, 429].includes(reply.statusCode)) this.#refused.inc({ status: labels.status });
      done();
    });
  }

  /** @returns the text format of Prometheus. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }
}
