/** @file `npm run build:pack -- --rule <file> [--data <folder>]`: build the next version of a pack, beside a running server or without one. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { AppError } from '../../src/contracts/errors.ts';
import { packRuleSchema, type PackRule } from '../../src/contracts/pack.ts';
import { keyFingerprint } from '../../src/core/pack-signature.ts';
import type { AnnIndex } from '../repositories/ann-index.ts';
import { CollectionRulesTable } from '../repositories/collection-rules.ts';
import { Collections } from '../repositories/collections.ts';
import { openDatabase } from '../repositories/database.ts';
import { engineLocation } from '../repositories/engine-location.ts';
import { openLanceEngine } from '../repositories/lancedb-index.ts';
import { Packs } from '../repositories/packs.ts';
import { Products } from '../repositories/products.ts';
import { Records } from '../repositories/records.ts';
import { DATABASE_FILE, PACKS_FOLDER, VECTORS_FOLDER } from '../services/open-services.ts';
import { PackParts } from '../services/pack-parts.ts';
import { manifestOf, PackService } from '../services/pack-service.ts';
import type { PackSources } from '../services/pack-selection.ts';
import { openSigningKey } from '../services/signing-key.ts';
import { dataFolderOf, runCommand } from './data-folder.ts';

const USAGE = `Build the next version of a pack.

  npm run build:pack -- --rule <rule.json> [--data <folder>]

The rule's format is in docs/packs.md. It may run while the server runs.`;

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { rule: { type: 'string' }, data: { type: 'string' }, help: { type: 'boolean', short: 'h' } } });
  if (values.help === true || values.rule === undefined) {
    console.log(USAGE);
    return values.help === true ? 0 : 2;
  }
  const rule = readRule(values.rule);
  const dataFolder = dataFolderOf(values.data);
  if (!existsSync(join(dataFolder, DATABASE_FILE))) throw new AppError('invalid-input', `There is no data in ${dataFolder}.`);
  const client = await openDatabase(join(dataFolder, DATABASE_FILE));
  const engine = await openLanceEngine(engineLocation(join(dataFolder, VECTORS_FOLDER)));
  try {
    const packs = new Packs(client);
    const key = openSigningKey(dataFolder);
    const rules = await CollectionRulesTable.open(client);
    const service = new PackService({
      ...{ packs, key, products: new Products(client), parts: new PackParts(join(dataFolder, PACKS_FOLDER)) },
      sources: enginePackSources(new Collections(client), new Records(client), rules, engine),
      logger: { info: () => {}, error: (given: unknown) => console.error(given) },
    });
    const { id } = await service.requestBuild(rule);
    await service.settled();
    const { state, problem } = await service.build(id);
    if (state !== 'done') throw new AppError('invalid-input', problem ?? 'The pack was not built.');
    const { version, coverage, parts, expiresAtMs } = manifestOf(await service.newest(rule.id));
    const bytes = parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    console.log(
      `${rule.id} version ${version}: ${coverage.withPhotos} of ${coverage.products} products have photos, ${coverage.photos} photos, ` +
        `${coverage.withContents} with contents; ${parts.length} parts, ${(bytes / 1e6).toFixed(1)} MB; until ${new Date(expiresAtMs).toISOString().slice(0, 10)}.\n` +
        `Signed by ${await keyFingerprint(key.publicKey)}.`,
    );
    return 0;
  } finally {
    await engine.close();
    client.close();
  }
}

function readRule(path: string): PackRule {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new AppError('invalid-input', `${path} cannot be read as JSON.`, { cause: error });
  }
  const rule = packRuleSchema.safeParse(value);
  if (!rule.success) throw new AppError('invalid-input', `${path}: ${z.prettifyError(rule.error).slice(0, 1000)}`);
  return rule.data;
}

/** Reads the engine's own files: what a running server acknowledged is in them, and its log is left alone. */
function enginePackSources(
  collections: Collections,
  records: Records,
  rules: CollectionRulesTable,
  engine: Awaited<ReturnType<typeof openLanceEngine>>,
): PackSources {
  const described = async (name: string) => (await collections.list()).find((collection) => collection.name === name) ?? null;
  return {
    describe: described,
    holdsPersons: (name) => rules.get(name)?.holds === 'persons',
    async *scan(name, filter) {
      const description = await described(name);
      if (description === null) return;
      const index: AnnIndex = await engine.open(description);
      try {
        for await (const items of index.scan(filter === undefined ? {} : { filter })) {
          const found = await records.getMany(
            name,
            items.map(({ id }) => id),
          );
          const now = Date.now();
          const over = new Set(found.filter(({ validUntilMs }) => validUntilMs !== null && validUntilMs <= now).map(({ id }) => id));
          yield items.filter(({ id }) => !over.has(id));
        }
      } finally {
        await index.close();
      }
    },
  };
}

runCommand(main);
