/** @file Puts persons in and takes them out again: hidden from the answer on, gone with a receipt in the end, the others untouched. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect } from 'vitest';
import { erasureSchema, personExportSchema, type Erasure } from '../../../../src/contracts/records-api.ts';
import { searchResponseSchema } from '../../../../src/contracts/server-api.ts';
import { isSignedBy } from '../../../../server/services/secrets/signing-key.ts';
import { unitVector } from '../test-server.ts';
import { until, type Actor, type Random } from './actor.ts';
import type { Ingests } from './ingests.ts';
import type { ServerUnderTorture } from './server-under-torture.ts';
import { D } from './upserts.ts';

const FACES = 'face-embedding@1';
const ITEMS = 2;

interface Erased {
  /** Person, or null for rows of an ingest. */
  readonly person: number | null;
  readonly seeds: readonly number[];
}

/** Persons come and go in one collection; now and then rows of a trained one go. */
export class Erasures implements Actor {
  readonly kind = 'erasure';
  readonly spanMs = 500;
  readonly #ingests: Ingests;
  #people = 0;
  /** Persons who are in: their items and a thumbnail were answered for. */
  readonly #present = new Set<number>();
  /** Erasures that were answered for. */
  readonly #asked = new Map<string, Erased>();
  /** Receipts as they were when they were first seen. */
  readonly #receipts = new Map<string, string>();

  constructor(ingests: Ingests) {
    this.#ingests = ingests;
  }

  async act(server: ServerUnderTorture, random: Random, sent: () => void): Promise<void> {
    const person = this.#people++;
    const items = Array.from({ length: ITEMS }, (_, n) => ({
      ...{ id: `g${person}-${n}`, productId: `person-${person}`, vector: unitVector(D, seedOf(person, n)) },
    }));
    await server.ask([200], 'POST', '/collections/guests/items', { space: FACES, items });
    const { status } = await server.call('PUT', `/collections/guests/items/g${person}-0/thumbnail`, await picture(person), 'image/jpeg');
    expect(status).toBe(204);
    this.#present.add(person);

    const going = [...this.#present][Math.floor(random() * this.#present.size)]!;
    if (random() < 0.7) {
      // Whatever becomes of the answer: from here on nobody knows.
      this.#present.delete(going);
      const answer = server.ask([202], 'DELETE', `/persons/person-${going}`);
      sent();
      const { id } = erasureSchema.parse(await answer);
      this.#asked.set(id, { person: going, seeds: Array.from({ length: ITEMS }, (_, n) => seedOf(going, n)) });
    }
    const rows = this.#ingests.give(random);
    if (rows.length === 0) return;
    const answer = server.ask([202], 'POST', '/collections/many/erasures', { ids: rows.map(({ id }) => id) });
    sent();
    const { id } = erasureSchema.parse(await answer);
    this.#asked.set(id, { person: null, seeds: rows.map(({ seed }) => seed) });
    if (random() < 0.5) await this.#over(server, id);
  }

  async verify(server: ServerUnderTorture): Promise<void> {
    for (const person of this.#present) {
      expect(await this.#found(server, person), `person ${person} is lost`).toBe(true);
      const { status } = await server.call('GET', `/collections/guests/items/g${person}-0/thumbnail`);
      expect(status).toBe(200);
    }
    for (const [id, { person }] of this.#asked) {
      const erasure = erasureSchema.parse(await server.ask([200], 'GET', `/erasures/${id}`));
      this.#keepReceipt(erasure);
      if (person === null) continue;
      expect(await this.#found(server, person), 'an erased person is found').toBe(false);
      const exported = personExportSchema.parse(await server.ask([200], 'GET', `/persons/person-${person}`));
      expect(exported.collections).toEqual([]);
    }
  }

  /** At the end: every erasure has its receipt, and no byte is left. The server must have stopped for {@link searchBytes}. */
  async finish(server: ServerUnderTorture): Promise<void> {
    for (const id of this.#asked.keys()) this.#keepReceipt(await this.#over(server, id));
    expect(this.#receipts.size).toBe(this.#asked.size);
  }

  searchBytes(folder: string): void {
    const needles = [...this.#asked.values()].flatMap(({ seeds }) => seeds).flatMap(bytesOf);
    const present = [...this.#present].flatMap((person) => bytesOf(seedOf(person, 0)));
    let isPresentFound = present.length === 0;
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const bytes = readFileSync(join(entry.parentPath, entry.name));
      const found = needles.filter((needle) => bytes.includes(needle)).length;
      expect(found, `erased bytes in ${entry.name}`).toBe(0);
      isPresentFound ||= present.some((needle) => bytes.includes(needle));
    }
    // The same look finds who was not erased.
    expect(isPresentFound).toBe(true);
  }

  get receipts(): number {
    return this.#receipts.size;
  }

  async #over(server: ServerUnderTorture, id: string): Promise<Erasure> {
    return until(
      'an erasure',
      async () => erasureSchema.parse(await server.ask([200], 'GET', `/erasures/${id}`)),
      ({ state }) => state === 'done',
    );
  }

  #keepReceipt({ id, state, receipt }: Erasure): void {
    const before = this.#receipts.get(id);
    if (before !== undefined) expect(JSON.stringify(receipt), 'a receipt changed').toBe(before);
    if (state !== 'done' || receipt === null) return;
    const { signature, ...unsigned } = receipt;
    expect(isSignedBy(receipt.publicKey, JSON.stringify(unsigned), signature)).toBe(true);
    this.#receipts.set(id, JSON.stringify(receipt));
  }

  async #found(server: ServerUnderTorture, person: number): Promise<boolean> {
    const { matches } = searchResponseSchema.parse(
      await server.ask([200], 'POST', '/collections/guests/search', { space: FACES, vector: unitVector(D, seedOf(person, 0)), k: 1 }),
    );
    return matches[0]?.id === `g${person}-0`;
  }
}

function seedOf(person: number, item: number): number {
  return 160_000_000 + person * 10 + item;
}

/** A vector as it was sent and as the engine keeps it, at length 1. */
function bytesOf(seed: number): Buffer[] {
  const sent = Float32Array.from(unitVector(D, seed));
  const length = Math.sqrt(sent.reduce((sum, value) => sum + value * value, 0));
  return [sent, sent.map((value) => value / length)].map((floats) => Buffer.from(floats.buffer).subarray(0, 16));
}

async function picture(person: number): Promise<Uint8Array<ArrayBuffer>> {
  const background = { r: person % 256, g: (person * 7) % 256, b: 90 };
  return new Uint8Array(
    await sharp({ create: { width: 32, height: 32, channels: 3, background } })
      .jpeg()
      .toBuffer(),
  );
}
