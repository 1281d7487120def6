/** @file Fills collections until an index is trained: cut short, the training is done after the next start, and every row stays found. */
import { expect } from 'vitest';
import { collectionStateSchema, searchResponseSchema } from '../../../../src/contracts/server-api.ts';
import { unitVector } from '../test-server.ts';
import { until, type Actor, type Random } from './actor.ts';
import { EXACT_ROWS, type ServerUnderTorture } from './server-under-torture.ts';
import { D, SPACE } from './upserts.ts';

const ROWS = EXACT_ROWS + 200;
const SAMPLES = 8;

/** One collection after the other; each goes when the next one comes. */
export class Trainings implements Actor {
  readonly kind = 'training';
  readonly spanMs = 700;
  #number = 0;
  /** The rows of the collection at hand were answered for. */
  #isFilled = false;

  async act(server: ServerUnderTorture, _random: Random, sent: () => void): Promise<void> {
    if (this.#isFilled) {
      this.#number += 1;
      this.#isFilled = false;
      await server.ask([204, 404], 'DELETE', `/collections/${this.#name(this.#number - 1)}`);
    }
    const name = this.#name();
    await server.ask([200, 201], 'POST', '/collections', { name, space: SPACE, dimensions: D, metric: 'cosine' });
    const body = Array.from(
      { length: ROWS },
      (_, row) => `${JSON.stringify({ id: `r${row}`, vector: vectorOf(this.#number, row) })}\n`,
    ).join('');
    // The same rows again after a kill: another job, by the same ids.
    const job = `fill-${Date.now()}`;
    const { status, bytes } = await server.call(
      'POST',
      `/collections/${name}/ingest?job=${job}&space=${SPACE}`,
      body,
      'application/x-ndjson',
    );
    expect(status).toBe(200);
    expect(bytes.toString()).toContain('"state":"done"');
    this.#isFilled = true;
    sent();
    await this.#trained(server);
  }

  async verify(server: ServerUnderTorture): Promise<void> {
    if (!this.#isFilled) return;
    const { count } = await this.#trained(server);
    expect(count).toBe(ROWS);
    for (let sample = 0; sample < SAMPLES; sample++) {
      const row = Math.floor((sample / SAMPLES) * ROWS);
      const { matches } = searchResponseSchema.parse(
        await server.ask([200], 'POST', `/collections/${this.#name()}/search`, { space: SPACE, vector: vectorOf(this.#number, row), k: 1 }),
      );
      expect(matches[0]?.id).toBe(`r${row}`);
    }
    if (this.#number > 0) await server.ask([404], 'GET', `/collections/${this.#name(this.#number - 1)}`);
  }

  async #trained(server: ServerUnderTorture) {
    return until(
      'a training',
      async () => collectionStateSchema.parse(await server.ask([200], 'GET', `/collections/${this.#name()}`)),
      ({ index }) => index.trainedOn !== null && !index.isMaintaining,
    );
  }

  #name(number = this.#number): string {
    return `trained-${number}`;
  }
}

function vectorOf(number: number, row: number): number[] {
  return unitVector(D, 90_000_000 + number * 10_000 + row);
}
