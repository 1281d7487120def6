/**
 * @file What a camera's clock is off by. A camera's clock shows the time of a place, without saying of
 * which; `cameraAtMs` is that time as if it were UTC. Pure; any thread.
 */
import type { CameraProposal, ClockProposal } from '../../contracts/race.ts';

const MINUTE_MS = 60_000;

/** @returns offset of a camera that was left at another zone; 0 when it does not say, or is right. */
export function offsetByZone(cameraUtcOffsetMinutes: number | null, utcOffsetMinutes: number): number {
  return cameraUtcOffsetMinutes === null ? 0 : (utcOffsetMinutes - cameraUtcOffsetMinutes) * MINUTE_MS;
}

/** One runner seen surely by a camera; several of one runner are fine. */
export interface ClockSighting {
  readonly bib: string;
  /** By the camera's clock, as corrected so far. */
  readonly atMs: number;
}

/** Fewer runners in common say nothing. */
const MIN_RUNNERS = 5;
/** Half of the differences within this: the cameras saw the same moments. */
const TOGETHER_MS = 4_000;
/** Nobody takes longer from one camera to another; a difference beyond it is a clock's. */
const ZONE_FROM_MS = 150 * MINUTE_MS;
/** How long runners take between the two is not known, so quarters of an hour cannot be told. */
const ZONE_STEP_MS = 60 * MINUTE_MS;

/**
 * Propose a correction of the second camera from runners that both saw. Runners arrive in turn, so side by side all differences are alike; at
 * different places they spread, and only an error of hours shows.
 * @returns null when nothing can be said, or when nothing is wrong.
 */
export function proposeOffset(first: readonly ClockSighting[], second: readonly ClockSighting[]): ClockProposal | null {
  const here = earliestOf(first);
  const there = earliestOf(second);
  const differences = [...here].flatMap(([bib, atMs]) => (there.has(bib) ? [atMs - there.get(bib)!] : [])).sort((a, b) => a - b);
  const runners = differences.length;
  if (runners < MIN_RUNNERS) return null;
  const at = (share: number): number => differences[Math.floor(share * (runners - 1))]!;
  const middle = at(0.5);
  if (at(0.75) - at(0.25) <= TOGETHER_MS)
    return Math.abs(middle) < 1_000 ? null : { offsetMs: Math.round(middle), basis: 'together', runners };
  if (Math.abs(middle) < ZONE_FROM_MS) return null;
  return { offsetMs: Math.round(middle / ZONE_STEP_MS) * ZONE_STEP_MS, basis: 'zone', runners };
}

/** What one camera saw. */
export interface ClockWitness {
  readonly cameraId: string;
  readonly sightings: readonly ClockSighting[];
}

/**
 * @param witnesses those to go by first. Each camera is held against one before it that nothing is said against, which shares most runners with it.
 * @returns in their order.
 */
export function proposeOffsets(witnesses: readonly ClockWitness[]): CameraProposal[] {
  const right: { readonly witness: ClockWitness; readonly bibs: ReadonlySet<string> }[] = [];
  const proposals: CameraProposal[] = [];
  for (const witness of witnesses) {
    const bibs = new Set(witness.sightings.map(({ bib }) => bib));
    const shared = (other: ReadonlySet<string>): number => [...bibs].filter((bib) => other.has(bib)).length;
    const partner = right.toSorted((a, b) => shared(b.bibs) - shared(a.bibs))[0]?.witness;
    const proposal = partner === undefined ? null : proposeOffset(partner.sightings, witness.sightings);
    if (proposal === null) right.push({ witness, bibs });
    else proposals.push({ ...proposal, cameraId: witness.cameraId, otherId: partner!.cameraId });
  }
  return proposals;
}

function earliestOf(sightings: readonly ClockSighting[]): Map<string, number> {
  const earliest = new Map<string, number>();
  for (const { bib, atMs } of sightings) earliest.set(bib, Math.min(earliest.get(bib) ?? Infinity, atMs));
  return earliest;
}
