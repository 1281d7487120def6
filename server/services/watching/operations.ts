/** @file How the server has fared lately: requests, times, event loop, memory, in steps. In memory only, and nothing of what was asked. */
import { createHistogram, monitorEventLoopDelay, type RecordableHistogram } from 'node:perf_hooks';
import type { FastifyInstance } from 'fastify';
import type { LoadPoint, Operations, RouteLoad } from '../../../src/contracts/operations-api.ts';

const STEP_S = 5;
/** A quarter of an hour. */
const MAX_POINTS = 180;
/** Steps after which a route's window becomes the one before. */
const WINDOW_STEPS = 12;
/** Who looks, or copies every second, is not part of the picture. */
const WATCHERS: ReadonlySet<string> = new Set(['GET /v1/operations', 'GET /v1/storage', 'GET /v1/metrics', 'GET /v1/replica-state']);
const REFUSED: ReadonlySet<number> = new Set([401, 403, 429]);
/** Microseconds; two digits are kept. */
const newTimes = (): RecordableHistogram => createHistogram({ lowest: 1, highest: 600_000_000, figures: 2 });

/** Answers since something. */
interface Tally {
  readonly times: RecordableHistogram;
  requests: number;
  failed: number;
  refused: number;
}

const newTally = (): Tally => ({ times: newTimes(), requests: 0, failed: 0, refused: 0 });

/** The last minutes of one server. */
export class OperationsLog {
  readonly #points: LoadPoint[] = [];
  readonly #loop = monitorEventLoopDelay({ resolution: 10 });
  readonly #timer: NodeJS.Timeout;
  readonly #now: () => number;
  #step = newTally();
  #steps = 0;
  /** By route: this window and the one before. */
  #routes = new Map<string, Tally>();
  #routesBefore = new Map<string, Tally>();

  /** @param now milliseconds; for tests. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
    this.#loop.enable();
    this.#timer = setInterval(() => this.endStep(), STEP_S * 1000).unref();
  }

  /** Note every answer of the API. */
  watch(api: FastifyInstance): void {
    api.addHook('onResponse', (request, reply, done) => {
      this.note(`${request.method} ${request.routeOptions.url ?? ''}`, reply.statusCode, reply.elapsedTime);
      done();
    });
  }

  /** @param route method and pattern, e.g. `GET /v1/products/:id`; never an address as it was asked for. */
  note(route: string, status: number, ms: number): void {
    if (WATCHERS.has(route)) return;
    let ofRoute = this.#routes.get(route);
    if (ofRoute === undefined) {
      ofRoute = newTally();
      this.#routes.set(route, ofRoute);
    }
    for (const tally of [this.#step, ofRoute]) {
      tally.times.record(Math.min(600_000_000, Math.max(1, Math.round(ms * 1000))));
      tally.requests += 1;
      if (status >= 500) tally.failed += 1;
      if (REFUSED.has(status)) tally.refused += 1;
    }
  }

  /** Make a point of what was noted since the last one. Called by itself every few seconds. */
  endStep(): void {
    const { times, requests, failed, refused } = this.#step;
    this.#points.push({
      ...{ atMs: this.#now(), requests, failed, refused },
      p50Ms: requests === 0 ? null : quantile(times, 50),
      p99Ms: requests === 0 ? null : quantile(times, 99),
      loopP99Ms: loopDelayMs(this.#loop.percentile(99)),
      residentBytes: process.memoryUsage.rss(),
    });
    if (this.#points.length > MAX_POINTS) this.#points.shift();
    this.#loop.reset();
    this.#step = newTally();
    this.#steps += 1;
    if (this.#steps % WINDOW_STEPS !== 0) return;
    this.#routesBefore = this.#routes;
    this.#routes = new Map();
  }

  /** What there is to see now. */
  look(): Operations {
    const { rss, heapUsed, external } = process.memoryUsage();
    return {
      atMs: this.#now(),
      uptimeS: Math.round(process.uptime() * 10) / 10,
      stepS: STEP_S,
      points: [...this.#points],
      routes: this.#routeLoads(),
      memory: { residentBytes: rss, heapUsedBytes: heapUsed, externalBytes: external },
    };
  }

  close(): void {
    clearInterval(this.#timer);
    this.#loop.disable();
  }

  #routeLoads(): RouteLoad[] {
    const names = new Set([...this.#routes.keys(), ...this.#routesBefore.keys()]);
    const loads = [...names].map((route): RouteLoad => {
      const tallies = [this.#routes.get(route), this.#routesBefore.get(route)].filter((tally) => tally !== undefined);
      const times = newTimes();
      for (const tally of tallies) times.add(tally.times);
      return {
        route,
        requests: sum(tallies.map(({ requests }) => requests)),
        failed: sum(tallies.map(({ failed }) => failed)),
        ...{ p50Ms: quantile(times, 50), p90Ms: quantile(times, 90), p99Ms: quantile(times, 99), maximumMs: rounded(times.max / 1000) },
      };
    });
    return loads.sort((a, b) => b.requests - a.requests || a.route.localeCompare(b.route)).slice(0, 200);
  }
}

function quantile(times: RecordableHistogram, percent: number): number {
  return rounded(times.percentile(percent) / 1000);
}

/** The sampling interval itself is no delay. @param nanoseconds NaN when nothing was sampled. */
function loopDelayMs(nanoseconds: number): number {
  return Number.isFinite(nanoseconds) ? rounded(Math.max(0, nanoseconds / 1e6 - 10)) : 0;
}

function rounded(ms: number): number {
  return Math.round(ms * 100) / 100;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
