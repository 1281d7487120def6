/** @file A small shelf as the store and the exports know it. */
import type { Facing, FacingIdentity, FacingLook, ShelfReading } from '../../src/contracts/shelf.ts';
import type { Bay, BayPhoto, PhotoReading, Shop, Visit } from '../../src/contracts/visit.ts';

export function shop(id: string, overrides: Partial<Shop> = {}): Shop {
  return { id, name: `Shop ${id}`, address: '', note: '', updatedAtMs: 1, ...overrides };
}

export function bay(id: string, overrides: Partial<Bay> = {}): Bay {
  return { id, shopId: 's1', name: `Bay ${id}`, order: 0, heights: null, updatedAtMs: 1, ...overrides };
}

export function visit(id: string, overrides: Partial<Visit> = {}): Visit {
  return {
    ...{ id, shopId: 's1', routeId: null, who: 'Aya', status: 'open', plannedForMs: null, startedAtMs: 1000, endedAtMs: null },
    ...{ note: '', sending: 'not-asked', sentAtMs: null, updatedAtMs: 1000 },
    ...overrides,
  };
}

export function bayPhoto(id: string, overrides: Partial<BayPhoto> = {}): BayPhoto {
  return {
    ...{ id, visitId: 'v1', shopId: 's1', bayId: 'b1', name: `${id}.jpg`, source: 'camera', capturedAtMs: 1000, addedAtMs: 1000 },
    ...{ purpose: 'audit', state: 'waiting', problem: null, widthPx: 0, heightPx: 0, readAtMs: null },
    ...overrides,
  };
}

export function known(productId: string): FacingIdentity {
  return {
    ...{ productId, probability01: 0.9, certainty: 'sure', groupId: null, saidBy: 'look' },
    candidates: [{ productId, probability01: 0.9 }],
  };
}

/** A facing 0.1 wide and 0.3 high, standing at column `position` of row `row` of two. */
export function facing(id: string, row: number, position: number, productId: string | null = null): Facing {
  const box = { x: 0.1 + position * 0.1, y: 0.15 + row * 0.4, width: 0.1, height: 0.3 };
  return { id, box, confidence01: 0.9, identity: productId === null ? null : known(productId), isEdited: false };
}

/** Two rows: `a a b` over `c –`. */
export function shelfReading(): ShelfReading {
  const facings = [facing('f0', 0, 0, 'a'), facing('f1', 0, 1, 'a'), facing('f2', 0, 2, 'b'), facing('f3', 1, 0)];
  const box = (row: number, from: number, columns: number) => ({
    x: 0.1 + from * 0.1,
    y: 0.15 + row * 0.4,
    width: columns * 0.1,
    height: 0.3,
  });
  return {
    facings,
    layout: {
      rows: [
        { row: 0, rail: { from: { x: 0, y: 0.45 }, to: { x: 1, y: 0.45 } }, eyeLevel: 'eye', columns: 3 },
        { row: 1, rail: { from: { x: 0, y: 0.85 }, to: { x: 1, y: 0.85 } }, eyeLevel: 'stoop', columns: 2 },
      ],
      placements: facings.map(({ id }, i) => ({
        ...{ facingId: id, row: i < 3 ? 0 : 1, position: i < 3 ? i : 0, level: 0, confidence01: 1 },
        block: [0, 0, 1, 2][i]!,
      })),
      blocks: [
        { row: 0, firstPosition: 0, columns: 2, facingIds: ['f0', 'f1'], productId: 'a', groupId: null, box: box(0, 0, 2) },
        { row: 0, firstPosition: 2, columns: 1, facingIds: ['f2'], productId: 'b', groupId: null, box: box(0, 2, 1) },
        { row: 1, firstPosition: 0, columns: 1, facingIds: ['f3'], productId: null, groupId: null, box: box(1, 0, 1) },
      ],
      gaps: [{ id: 'g0', box: box(1, 1, 1), row: 1, position: 1, confidence01: 0.8, expectedProductId: null, saidBy: 'net' }],
    },
    tags: [
      {
        ...{ id: 't0', box: { x: 0.1, y: 0.46, width: 0.1, height: 0.04 }, text: '¥198', price: 198, confidence01: 0.9, row: 0 },
        facingIds: ['f0', 'f1'],
      },
    ],
  };
}

export function photoReading(photoId: string, overrides: Partial<PhotoReading> = {}): PhotoReading {
  const found = shelfReading();
  return {
    ...{ photoId, visitId: 'v1', bayId: 'b1', found, current: found, edits: [], undone: [] },
    ...{ durationsMs: { detect: 200 }, readAtMs: 5000 },
    ...overrides,
  };
}

export function facingLook(facingId: string, seed: number): FacingLook {
  return {
    facingId,
    look: {
      embedding: { space: 'product-embedding@2', backend: 'wasm', vector: Float32Array.from([seed, 1 - seed]) },
      colour: Float32Array.from([seed, 0, 0]),
    },
    matches: [{ galleryId: 'g', productId: 'a', cosine: seed, colour: null, computedOn: 'device' }],
    verifications: [],
  };
}
