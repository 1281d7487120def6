/**
 * @file `npx tsx scripts/update-registry.ts [model id]`: take over new own weights. Reads `public/models/<id>.card.json`, checks the file that it
 * names, writes `src/models/<id>.json` for the registry, removes older weights of the model and writes the self-tests anew.
 */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const id = process.argv[2] ?? 'product-embedding';

const cardSchema = z.object({
  id: z.literal(id),
  version: z.string().regex(/^[\w.-]+$/),
  file: z.string().regex(/^[\w.-]+\.onnx$/),
  bytes: z.number().int().positive(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  figures: z.array(
    z.object({
      metric: z.string(),
      value: z.number(),
      unit: z.string().optional(),
      dataset: z.string(),
      count: z.number().int(),
      command: z.string(),
    }),
  ),
});

const models = join(ROOT, 'public', 'models');
const card = cardSchema.parse(JSON.parse(readFileSync(join(models, `${id}.card.json`), 'utf8')));
const weights = readFileSync(join(models, card.file));
const sha256 = createHash('sha256').update(weights).digest('hex');
if (sha256 !== card.sha256 || weights.byteLength !== card.bytes) {
  console.error(`${card.file} has ${weights.byteLength} bytes and sha256 ${sha256}; its card says otherwise.`);
  process.exit(1);
}
const row = { version: card.version, url: `models/${card.file}`, bytes: card.bytes, sha256, figures: card.figures };
writeFileSync(join(ROOT, 'src', 'models', `${id}.json`), `${JSON.stringify(row, null, 2)}\n`);
for (const name of readdirSync(models))
  if (name.startsWith(`${id}-`) && name.endsWith('.onnx') && name !== card.file) {
    rmSync(join(models, name));
    console.log(`removed ${name}`);
  }
console.log(`${id} is now ${card.file}`);
// New weights need new numbers; until they have them they would stay off WebGPU.
await import('./update-self-tests.ts');
