/**
 * @file Compares a phone's ledger with the server's. Both hold the SHA-256 of what left: the server of the bytes that came, the phone of its
 * preview, which is exactly what it sent. Equal payloads are matched in order of time.
 */
import { createHash } from 'node:crypto';
import type { Arrival } from '../src/contracts/audit-api.ts';
import type { LedgerRow } from '../src/contracts/egress.ts';
import { verifyChain, type LedgerExport } from '../src/store/ledger.ts';
import type { Arrivals } from '../server/repositories/arrivals.ts';

/** What a comparison found. */
export interface Reconciliation {
  readonly isChainIntact: boolean;
  readonly counts: {
    /** Sent by the phone, arrived here. */
    matched: number;
    /** Sent, and not here. */
    missing: number;
    /** Failed or unknown on the phone, and arrived here after all: the answer was lost, not the payload. */
    arrivedAfterFailure: number;
    /** Failed or unknown on the phone, and not here. */
    neverLeft: number;
    /** Blocked on the phone, and not here. */
    blocked: number;
    /** Here, and not in the phone's ledger. Null when it was not asked for. */
    unknownToPhone: number | null;
  };
  /** One line for each contradiction. */
  readonly findings: readonly string[];
}

/** How to compare. */
export interface ReconcileOptions {
  /** Key that only this phone has: then arrivals that it does not know of count as well. */
  readonly actor: string | null;
  /** How far the two clocks may be apart. */
  readonly skewMs: number;
}

const PAGE = 400;

/** Compare every departure of an export with the arrivals. */
export async function reconcile(exported: LedgerExport, arrivals: Arrivals, { actor, skewMs }: ReconcileOptions): Promise<Reconciliation> {
  const chain = await verifyChain(exported.start, exported.rows);
  const outcomes = new Map(exported.rows.flatMap((row) => (row.completes === null ? [] : [[row.completes, row.status] as const])));
  const departures = exported.rows.filter(({ completes }) => completes === null);
  const free = await arrivalsOf(departures, arrivals);
  const counts: Reconciliation['counts'] = {
    ...{ matched: 0, missing: 0, arrivedAfterFailure: 0, neverLeft: 0, blocked: 0 },
    unknownToPhone: actor === null ? null : 0,
  };
  const findings: string[] = [];
  const matched = new Set<number>();
  for (const row of departures) {
    const when = `${new Date(row.atMs).toISOString()} ${row.type}, ${row.bytes} bytes (row ${row.sequence})`;
    if (row.status === 'blocked') {
      // Its preview says why it was blocked and is not what would have left: there is nothing to look for.
      counts.blocked += 1;
      continue;
    }
    const arrival = take(free, row, skewMs);
    if (arrival !== null) matched.add(arrival.sequence);
    const outcome = outcomes.get(row.sequence);
    if (outcome === 'sent') {
      if (arrival !== null) counts.matched += 1;
      else {
        counts.missing += 1;
        findings.push(`sent by the phone, not here: ${when}`);
      }
    } else if (arrival !== null) counts.arrivedAfterFailure += 1;
    else counts.neverLeft += 1;
  }
  if (actor !== null)
    for await (const arrival of ofActor(exported, arrivals, actor, skewMs)) {
      if (matched.has(arrival.sequence)) continue;
      counts.unknownToPhone = (counts.unknownToPhone ?? 0) + 1;
      findings.push(
        `here, unknown to the phone: ${new Date(arrival.atMs).toISOString()} ${arrival.type}, ${arrival.bytes} bytes, ${arrival.route}`,
      );
    }
  return { isChainIntact: chain.isIntact, counts, findings };
}

/** SHA-256 of what a row says that left. */
export function departureHash({ preview }: Pick<LedgerRow, 'preview'>): string {
  const data = /^data:image\/[a-z]+;base64,(.*)$/s.exec(preview)?.[1];
  return createHash('sha256')
    .update(data === undefined ? preview : Buffer.from(data, 'base64'))
    .digest('hex');
}

async function arrivalsOf(departures: readonly LedgerRow[], arrivals: Arrivals): Promise<Map<string, Arrival[]>> {
  const hashes = [...new Set(departures.filter(({ status }) => status !== 'blocked').map(departureHash))];
  const free = new Map<string, Arrival[]>();
  for (let start = 0; start < hashes.length; start += PAGE)
    for (const arrival of await arrivals.withHashes(hashes.slice(start, start + PAGE)))
      free.set(arrival.sha256, [...(free.get(arrival.sha256) ?? []), arrival]);
  return free;
}

/** The first arrival of the same bytes and kind about that time; it is used up. */
function take(free: Map<string, Arrival[]>, row: LedgerRow, skewMs: number): Arrival | null {
  const candidates = free.get(departureHash(row)) ?? [];
  const index = candidates.findIndex(
    ({ atMs, bytes, type }) => bytes === row.bytes && type === row.type && Math.abs(atMs - row.atMs) <= skewMs,
  );
  return index < 0 ? null : candidates.splice(index, 1)[0]!;
}

/** Arrivals of a key during the time that the export covers. */
async function* ofActor({ start, rows }: LedgerExport, arrivals: Arrivals, actor: string, skewMs: number): AsyncGenerator<Arrival> {
  const from = start.atMs - skewMs;
  const to = (rows.at(-1)?.atMs ?? start.atMs) + skewMs;
  let sequence = 0;
  for (;;) {
    const page = await arrivals.between(from, to, sequence, PAGE);
    for (const arrival of page) if (arrival.actor === actor) yield arrival;
    const last = page.at(-1);
    if (last === undefined) return;
    ({ sequence } = last);
  }
}
