/** @file `npm run models -- list|add|remove`: models by manifest, for whoever may read the data folder. The server may run meanwhile. */
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import Fastify from 'fastify';
import { z } from 'zod';
import { AppError } from '../../src/contracts/errors.ts';
import { modelManifestSchema, type ModelManifest } from '../../src/contracts/model-manifest.ts';
import { AuditLog } from '../repositories/audit-log.ts';
import { openDatabase } from '../repositories/database.ts';
import { Loads } from '../repositories/loads.ts';
import { Journal } from '../services/watching/journal.ts';
import { openMasterKey } from '../services/secrets/master-key.ts';
import { openModels } from '../services/recognition/open-recognition.ts';
import { DATABASE_FILE } from '../services/open-services.ts';
import { HttpProblem } from '../services/http/problem.ts';
import { dataFolderOf, runCommand } from './data-folder.ts';

const USAGE = `Models of partners. The server may run meanwhile; what is done here counts at once.

  npm run models -- list
  npm run models -- add --manifest <file.json> [--file <net.onnx>] [--allow-loopback-calls]
  npm run models -- remove --id <id>

Each takes --data <folder>. The manifest's format is in docs/api.md. A secret for an endpoint's authorization header is read from the environment:
MEKIKI_MODEL_AUTHORIZATION. The model's golden is run before it is added.`;

runCommand(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      manifest: { type: 'string' },
      file: { type: 'string' },
      id: { type: 'string' },
      'allow-loopback-calls': { type: 'boolean' },
      data: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const [command = ''] = positionals;
  if (values.help === true || !['list', 'add', 'remove'].includes(command)) {
    console.log(USAGE);
    return values.help === true ? 0 : 2;
  }
  const dataFolder = dataFolderOf(values.data);
  if (!existsSync(join(dataFolder, DATABASE_FILE)))
    throw new AppError('invalid-input', `There is no data in ${dataFolder}. Start the server once.`);
  const client = await openDatabase(join(dataFolder, DATABASE_FILE));
  const logger = Fastify().log;
  const audit = new AuditLog(client);
  const journal = new Journal(audit, logger);
  const fromEnvironment = (name: string) => process.env[name] ?? null;
  try {
    const masterKey = await openMasterKey(
      { dataFolder, masterKey: fromEnvironment('MEKIKI_MASTER_KEY'), masterKeyFile: fromEnvironment('MEKIKI_MASTER_KEY_FILE') },
      new Loads(client),
    );
    const { recogniser, recognition, addedModels } = openModels({
      ...{ client, masterKey, journal, logger },
      settings: { dataFolder, recognisers: 1, isLoopbackAllowed: values['allow-loopback-calls'] === true },
      productsByLook: () => Promise.reject(new AppError('invalid-input', 'Products are looked up by the server only.')),
    });
    const note = (operation: string, subject: string) =>
      journal.record({
        ...{ atMs: Date.now(), actor: 'local', operation, collection: null, subject },
        count: 1,
        outcome: 'done',
        status: 200,
      });
    try {
      if (command === 'list') {
        for (const { description } of await recognition.models.list()) {
          const { id, version, type, licence, provider, sendsTo } = description;
          console.log(
            `${id.padEnd(24)} ${version.padEnd(10)} ${type.padEnd(10)} ${licence}; ${provider}${sendsTo === null ? '' : `; sends images to ${sendsTo}`}`,
          );
        }
        return 0;
      }
      if (command === 'remove') {
        if (values.id === undefined) throw new AppError('invalid-input', 'Say which: --id <id>, as list shows it.');
        await addedModels.remove(values.id);
        await note('models.remove', values.id);
        console.log('Removed.');
        return 0;
      }
      if (values.manifest === undefined) throw new AppError('invalid-input', 'Say which: --manifest <file.json>.');
      const manifest = readManifest(values.manifest);
      const { where } = manifest;
      if (values.file !== undefined && where.kind === 'onnx')
        await addedModels.putFile(where.sha256, createReadStream(values.file), where.bytes);
      const { description } = await addedModels.add(manifest, fromEnvironment('MEKIKI_MODEL_AUTHORIZATION'), 'local');
      await note('models.add', manifest.id);
      console.log(
        `Added ${description.id} ${description.version}: POST /v1/recognise/${description.id}. Its golden gave what the manifest says.`,
      );
      return 0;
    } finally {
      await recogniser.close();
    }
  } catch (error) {
    if (error instanceof HttpProblem) throw new AppError('invalid-input', error.message, { cause: error });
    throw error;
  } finally {
    await journal.close();
    client.close();
  }
});

/** @throws AppError('invalid-input') that says what is wrong with it. */
function readManifest(path: string): ModelManifest {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new AppError('invalid-input', `${path} is no JSON file that can be read.`, { cause: error });
  }
  const { success, data, error } = modelManifestSchema.safeParse(json);
  if (!success) throw new AppError('invalid-input', `${path} is no manifest. ${z.prettifyError(error)}`);
  return data;
}
