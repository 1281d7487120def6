/** @file Clocks of cameras. */
import { describe, expect, it } from 'vitest';
import { offsetByZone, proposeOffset, proposeOffsets } from '../../../src/core/race/clock.ts';

const HOUR_MS = 3_600_000;
/** Runners a quarter of a minute apart. */
const seen = (count: number, delayMs: (i: number) => number) =>
  Array.from({ length: count }, (_, i) => ({ bib: String(i), atMs: 1e9 + i * 15_000 + delayMs(i) }));

describe('a proposal', () => {
  it('is found where two cameras stood side by side', () => {
    const proposal = proposeOffset(
      seen(20, () => 0),
      seen(20, (i) => 73_000 + (i % 3) * 500),
    );
    expect(proposal).toMatchObject({ basis: 'together', runners: 20 });
    expect(Math.abs(proposal!.offsetMs + 73_500)).toBeLessThanOrEqual(500);
  });

  it('rights a forgotten time zone even when they stood apart', () => {
    const later = (i: number): number => 20 * 60_000 + i * 40_000 - 9 * HOUR_MS;
    expect(
      proposeOffset(
        seen(20, () => 0),
        seen(20, later),
      ),
    ).toEqual({ offsetMs: 9 * HOUR_MS, basis: 'zone', runners: 20 });
  });

  it('is not made up: too few runners, right already, or simply further down the course', () => {
    expect(
      proposeOffset(
        seen(4, () => 0),
        seen(4, () => 73_000),
      ),
    ).toBeNull();
    expect(
      proposeOffset(
        seen(20, () => 0),
        seen(20, (i) => (i % 3) * 200),
      ),
    ).toBeNull();
    expect(
      proposeOffset(
        seen(20, () => 0),
        seen(20, (i) => 20 * 60_000 + i * 40_000),
      ),
    ).toBeNull();
    expect(proposeOffset([], [])).toBeNull();
  });
});

it('knows a camera by the zone it was left at', () => {
  expect(offsetByZone(0, 540)).toBe(9 * HOUR_MS);
  expect(offsetByZone(null, 540)).toBe(0);
});

describe('proposals for all cameras', () => {
  const camera = (cameraId: string, count: number, delayMs: number) => ({ cameraId, sightings: seen(count, () => delayMs) });

  it('name the camera that is off and the one that says so', () => {
    expect(proposeOffsets([camera('goal', 20, 0), camera('wrong', 20, -3_602_000), camera('right', 20, 300)])).toEqual([
      { cameraId: 'wrong', otherId: 'goal', offsetMs: 3_602_000, basis: 'together', runners: 20 },
    ]);
  });

  it('go by the camera that shares most runners, and by none that is off itself', () => {
    const elsewhere = { cameraId: 'elsewhere', sightings: seen(8, () => 0).map(({ bib, atMs }) => ({ bib: `x${bib}`, atMs })) };
    const beside = { cameraId: 'beside', sightings: elsewhere.sightings.map(({ bib, atMs }) => ({ bib, atMs: atMs + 60_000 })) };
    expect(proposeOffsets([camera('goal', 20, 0), elsewhere, beside]).map(({ cameraId, otherId }) => [cameraId, otherId])).toEqual([
      ['beside', 'elsewhere'],
    ]);
    const both = proposeOffsets([camera('goal', 20, 0), camera('a', 20, 90_000), camera('b', 20, 90_000)]);
    expect(both.map(({ cameraId, otherId, offsetMs }) => [cameraId, otherId, offsetMs])).toEqual([
      ['a', 'goal', -90_000],
      ['b', 'goal', -90_000],
    ]);
    expect(proposeOffsets([])).toEqual([]);
  });
});
