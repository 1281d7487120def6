/** @file `npm run build:pack -- --rule <file> [--data <folder>]`: build the next version of a pack, beside a running server or without one. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { AppError } from '../../src/contracts/errors.ts';
import { packBuildRequestSchema, type PackBuildRequest } from '../../src/contracts/pack.ts';
import type { Planogram, PlanogramRow } from '../../src/contracts/shelf.ts';
import { keyFingerprint } from '../../src/core/pack-signature.ts';
import { parsePlanogram } from '../../src/core/shelf/planogram/parse-planogram.ts';
import { guessPlanogramColumns } from '../../src/core/shelf/planogram/planogram-columns.ts';
import type { PlanogramProblem } from '../../src/core/shelf/planogram/planogram-problem.ts';
import { readPlanogramTable } from '../../src/core/shelf/planogram/planogram-table.ts';
import type { Client } from '@libsql/client';
import { sizesOf } from '../../src/core/pack-sizes.ts';
import type { AnnEngine, AnnIndex } from '../vectors/ann-index.ts';
import { CollectionRulesTable } from '../repositories/collection-rules.ts';
import { Collections } from '../repositories/collections.ts';
import { isCopy } from '../repositories/copied-state.ts';
import { openDatabase } from '../repositories/database.ts';
import { engineLocation } from '../vectors/engine-location.ts';
import { openLanceEngine } from '../vectors/lancedb-index.ts';
import { Loads } from '../repositories/loads.ts';
import { Packs } from '../repositories/packs.ts';
import { Products } from '../repositories/products.ts';
import { Records } from '../repositories/records.ts';
import { Thumbnails } from '../repositories/thumbnails.ts';
import { openMasterKey } from '../services/secrets/master-key.ts';
import { DATABASE_FILE, PACKS_FOLDER, VECTORS_FOLDER } from '../services/open-services.ts';
import { DamageReport } from '../services/storage/damage.ts';
import { PackParts } from '../services/packs/pack-parts.ts';
import { manifestOf, PackService } from '../services/packs/pack-service.ts';
import type { PackSources } from '../services/packs/pack-selection.ts';
import { openKnownSigningKey } from '../services/secrets/signing-key.ts';
import { ThumbnailService } from '../services/records/thumbnail-service.ts';
import { dataFolderOf, runCommand } from './data-folder.ts';

const USAGE = `Build the next version of a pack.

  npm run build:pack -- --rule <rule.json> [--planogram <file.csv or .json> ...] [--data <folder>] [--index <folder or s3://...>]
    [--master-key-file <file>]

Planograms: a file for each bay, or one with a column for the bay; without any those of the version before stay.

Index and master key as the server has them; without the master key there are no thumbnails in the pack. The rule's format is in docs/packs.md. It may run while the server runs.`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      rule: { type: 'string' },
      planogram: { type: 'string', multiple: true },
      data: { type: 'string' },
      index: { type: 'string' },
      'master-key-file': { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true || values.rule === undefined) {
    console.log(USAGE);
    return values.help === true ? 0 : 2;
  }
  const planograms = (values.planogram ?? []).flatMap(readPlanograms);
  const rule = { ...readRule(values.rule), ...(planograms.length === 0 ? {} : { planograms }) };
  const dataFolder = dataFolderOf(values.data);
  if (!existsSync(join(dataFolder, DATABASE_FILE))) throw new AppError('invalid-input', `There is no data in ${dataFolder}.`);
  const client = await openDatabase(join(dataFolder, DATABASE_FILE));
  if (await isCopy(client)) {
    client.close();
    throw new AppError('invalid-input', 'The packs of this folder are copies: its server only reads. Build on the server that writes.');
  }
  const indexUri = values.index ?? process.env['MEKIKI_INDEX'] ?? join(dataFolder, VECTORS_FOLDER);
  const engine = await openLanceEngine(engineLocation(indexUri, process.env), { readIntervalS: 0 });
  try {
    const packs = new Packs(client);
    const key = await openKnownSigningKey(dataFolder, new Loads(client), false);
    const rules = await CollectionRulesTable.open(client);
    const thumbnails = await openThumbnails(client, dataFolder, values['master-key-file']);
    const service = new PackService({
      ...{ packs, key, damage: null, products: new Products(client), parts: new PackParts(join(dataFolder, PACKS_FOLDER)) },
      sources: enginePackSources({ collections: new Collections(client), records: new Records(client), rules, engine, thumbnails }),
      logger: { info: () => {}, error: (given: unknown) => console.error(given) },
    });
    const { id } = await service.requestBuild(rule);
    await service.settled();
    const { state, problem } = await service.build(id);
    if (state !== 'done') throw new AppError('invalid-input', problem ?? 'The pack was not built.');
    const { version, coverage, parts, expiresAtMs } = manifestOf(await service.newest(rule.id));
    const bytes = parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const skus = coverage.skus === undefined ? '' : `${coverage.skus.withPhotos} of ${coverage.skus.listed} planned SKUs have photos. `;
    const told = Object.entries(sizesOf(parts))
      .map(([kind, size]) => `${kind} ${(size / 1e6).toFixed(1)}`)
      .join(', ');
    console.log(
      `${rule.id} version ${version}: ${skus}${coverage.withPhotos} of ${coverage.products} products have photos, ${coverage.photos} photos, ` +
        `${coverage.withContents} with contents; ${parts.length} parts, ${(bytes / 1e6).toFixed(1)} MB (${told}); until ${new Date(expiresAtMs).toISOString().slice(0, 10)}.\n` +
        `Signed by ${await keyFingerprint(key.publicKey)}.`,
    );
    return 0;
  } finally {
    await engine.close();
    client.close();
  }
}

function readRule(path: string): PackBuildRequest {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new AppError('invalid-input', `${path} cannot be read as JSON.`, { cause: error });
  }
  const rule = packBuildRequestSchema.safeParse(value);
  if (!rule.success) throw new AppError('invalid-input', `${path}: ${z.prettifyError(rule.error).slice(0, 1000)}`);
  return rule.data;
}

/**
 * One planogram for each bay that the file names; which column is what is guessed from its headers.
 * @throws AppError('invalid-input') that names the lines that are wrong: half a planogram would be compared as if it were whole.
 */
function readPlanograms(path: string): Planogram[] {
  const table = readPlanogramTable(readFileSync(path));
  if (table.table === null) throw new AppError('invalid-input', `${path}: ${problemText([table.problem])}`);
  const { rows, problems } = parsePlanogram(table.table, guessPlanogramColumns(table.table.header));
  const wrong = problems.filter(({ severity }) => severity !== 'note');
  if (wrong.length > 0) throw new AppError('invalid-input', `${path}: ${problemText(wrong)}`);
  const name = basename(path, extname(path));
  const bays = new Map<string, PlanogramRow[]>();
  for (const row of rows) bays.set(row.bay ?? '', [...(bays.get(row.bay ?? '') ?? []), row]);
  return [...bays].map(([bay, own]): Planogram => ({
    id: (bay === '' ? name : `${name}/${bay}`).slice(0, 100),
    name: (bay === '' ? name : bay).slice(0, 300),
    rows: own,
    source: 'pack',
    updatedAtMs: Math.round(statSync(path).mtimeMs),
  }));
}

function problemText(problems: readonly PlanogramProblem[]): string {
  const texts = problems.slice(0, 20).map(({ code, line, value }) => {
    const what = value === '' ? code : `${code} "${value}"`;
    return line === null ? what : `line ${line}: ${what}`;
  });
  return texts.join('; ');
}

/** What a build beside a server reads. */
interface EngineParts {
  readonly collections: Collections;
  readonly records: Records;
  readonly rules: CollectionRulesTable;
  readonly engine: AnnEngine;
  readonly thumbnails: ThumbnailService | null;
}

/** Reads the engine's own files: what a running server acknowledged is in them, and its log is left alone. */
function enginePackSources({ collections, records, rules, engine, thumbnails }: EngineParts): PackSources {
  const described = async (name: string) => (await collections.list()).find((collection) => collection.name === name) ?? null;
  const opened = new Map<string, Promise<AnnIndex>>();
  const indexOf = async (name: string): Promise<AnnIndex | null> => {
    const description = await described(name);
    if (description === null) return null;
    const index = opened.get(name) ?? engine.open(description);
    opened.set(name, index);
    return index;
  };
  return {
    describe: described,
    holdsPersons: (name) => rules.get(name)?.holds === 'persons',
    keypoints: async (name, ids) => (await indexOf(name))?.keypoints(ids) ?? new Map(),
    thumbnail: async (collection, id) =>
      rules.get(collection)?.thumbnails === true ? ((await thumbnails?.get({ collection, id }))?.bytes ?? null) : null,
    async *scan(name, filter) {
      const index = await indexOf(name);
      if (index === null) return;
      for await (const items of index.scan(filter === undefined ? {} : { filter })) {
        const found = await records.getMany(
          name,
          items.map(({ id }) => id),
        );
        const now = Date.now();
        const over = new Set(found.filter(({ validUntilMs }) => validUntilMs !== null && validUntilMs <= now).map(({ id }) => id));
        yield items.filter(({ id }) => !over.has(id));
      }
    },
  };
}

/** @returns null, and says so, without the key that the server wrote them with. */
async function openThumbnails(client: Client, dataFolder: string, masterKeyFile: string | undefined): Promise<ThumbnailService | null> {
  try {
    const source = {
      ...{ dataFolder, masterKey: process.env['MEKIKI_MASTER_KEY'] ?? null },
      masterKeyFile: masterKeyFile ?? process.env['MEKIKI_MASTER_KEY_FILE'] ?? null,
    };
    const damage = new DamageReport({ error: (given: unknown) => console.error(given) });
    return new ThumbnailService(new Thumbnails(client), await openMasterKey(source, new Loads(client)), damage);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    console.error(`Without thumbnails. ${error.message}`);
    return null;
  }
}

runCommand(main);
