/** @file The real server, killed while a recognition job runs: nothing acknowledged is lost, and no image stays behind. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { recognitionJobSchema, type RecognitionJob } from '../../../src/contracts/recognise-api.ts';
import { barcodePhoto, demoPhoto } from './drawn-images.ts';
import { startServer } from './server-process.ts';
import { removeFolders, temporaryFolder } from './test-server.ts';

const IMAGES = 6;
afterAll(removeFolders);

async function jobOf(url: string, id: string): Promise<RecognitionJob> {
  return recognitionJobSchema.parse(await (await fetch(`${url}/v1/recognitions/${id}`)).json());
}

it('goes on with a job after kill -9, twice', { timeout: 300_000 }, async () => {
  const folder = temporaryFolder();
  const start = () => startServer(['--data', folder, '--no-demo', '--port', '0', '--recognisers', '1']);
  let server = await start();
  const form = new FormData();
  const [code, label] = [await barcodePhoto(), demoPhoto('beef-curry-label.jpg')];
  for (let i = 0; i < IMAGES; i++) form.append('image', new Blob([new Uint8Array(i % 2 === 0 ? label : code)]), `${i}.jpg`);
  const taken = await fetch(`${server.url}/v1/recognitions?model=text`, { method: 'POST', body: form });
  expect(taken.status).toBe(202);
  const { id } = recognitionJobSchema.parse(await taken.json());
  for (const done of [0, 2]) {
    await expect.poll(async () => (await jobOf(server.url, id)).done, { timeout: 120_000, interval: 50 }).toBeGreaterThanOrEqual(done);
    await server.stop('SIGKILL');
    server = await start();
    expect((await jobOf(server.url, id)).done).toBeGreaterThanOrEqual(done);
  }
  await expect.poll(async () => (await jobOf(server.url, id)).state, { timeout: 120_000, interval: 200 }).toBe('done');
  expect(await jobOf(server.url, id)).toMatchObject({ total: IMAGES, done: IMAGES, failed: 0 });
  const left = join(folder, 'recognitions');
  // The key goes with the result, the file right after.
  await expect.poll(() => (existsSync(left) ? readdirSync(left) : []), { timeout: 30_000 }).toEqual([]);
  await server.stop('SIGTERM');
});
