/** @file `npm run keys -- list|create|revoke`: for whoever may read the data folder, e.g. when the admin key was lost. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import Fastify from 'fastify';
import { AppError } from '../../src/contracts/errors.ts';
import { createKeySchema, keyIdSchema } from '../../src/contracts/keys-api.ts';
import { ApiKeys } from '../repositories/api-keys.ts';
import { AuditLog } from '../repositories/audit-log.ts';
import { isCopy } from '../repositories/copied-state.ts';
import { openDatabase } from '../repositories/database.ts';
import { KeyRequests } from '../repositories/key-requests.ts';
import { KeyService } from '../services/keys/key-service.ts';
import { DATABASE_FILE } from '../services/open-services.ts';
import { HttpProblem } from '../services/http/problem.ts';
import { dataFolderOf, runCommand } from './data-folder.ts';

const USAGE = `API keys. The server may run meanwhile; what is done here counts at once.

  npm run keys -- list
  npm run keys -- create --role viewer|operator|admin|replica --name <who> [--purpose <text>] [--collections a,b] [--days <n>]
  npm run keys -- revoke --id <id>

Each takes --data <folder>. The secret of a new key is shown once.`;
const DAY_MS = 86_400_000;

runCommand(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      role: { type: 'string' },
      name: { type: 'string' },
      purpose: { type: 'string' },
      collections: { type: 'string' },
      days: { type: 'string' },
      id: { type: 'string' },
      data: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const [command = ''] = positionals;
  if (values.help === true || !['list', 'create', 'revoke'].includes(command)) {
    console.log(USAGE);
    return values.help === true ? 0 : 2;
  }
  const client = await openDatabase(join(dataFolderOf(values.data), DATABASE_FILE));
  if (command !== 'list' && (await isCopy(client))) {
    client.close();
    throw new AppError('invalid-input', 'The keys of this folder are copies: its server only reads. Do this on the server that writes.');
  }
  const keys = new KeyService(new ApiKeys(client), new KeyRequests(client), Fastify().log);
  const note = (operation: string, subject: string) =>
    new AuditLog(client).append([
      { atMs: Date.now(), actor: 'local', operation, collection: null, subject, count: 1, outcome: 'done', status: 200 },
    ]);
  try {
    if (command === 'list') {
      let cursor: string | null = null;
      do {
        const page = await keys.list({ limit: 500, ...(cursor === null ? {} : { cursor }) });
        for (const { prefix, role, state, name, collections } of page.items)
          console.log(`${prefix}  ${role.padEnd(8)}  ${state.padEnd(7)}  ${collections?.join(',') ?? '*'}  ${name}`);
        cursor = page.nextCursor;
      } while (cursor !== null);
      return 0;
    }
    if (command === 'revoke') {
      const id = keyIdSchema.safeParse(values.id?.replace(/^mk_/, ''));
      if (!id.success) throw new AppError('invalid-input', 'Say which key: --id <id>, as list shows it.');
      await keys.revoke(id.data);
      await note('keys.revoke', id.data);
      console.log('Revoked.');
      return 0;
    }
    const wanted = createKeySchema.safeParse({
      name: values.name,
      purpose: values.purpose ?? 'Made on the server’s machine',
      role: values.role,
      collections: values.collections?.split(',') ?? null,
      expiresAtMs: values.days === undefined ? null : Date.now() + Number(values.days) * DAY_MS,
    });
    if (!wanted.success) throw new AppError('invalid-input', `Say for whom and what: --role, --name.\n\n${USAGE}`);
    const { key, secret } = await keys.create(wanted.data, 'local');
    await note('keys.create', key.id);
    console.log(
      `${secret}\n\nIt is shown this once. ${key.role}, ${key.collections?.join(', ') ?? 'every collection that holds no persons'}.`,
    );
    return 0;
  } catch (error) {
    if (error instanceof HttpProblem) throw new AppError('invalid-input', error.message, { cause: error });
    throw error;
  } finally {
    await keys.close();
    client.close();
  }
});
