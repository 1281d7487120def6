/** @file `npm run audit -- verify|export`: check the chain of the audit log, or write it out. The server may run meanwhile. */
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { AppError } from '../../src/contracts/errors.ts';
import { AuditLog } from '../repositories/audit-log.ts';
import { openDatabase } from '../repositories/database.ts';
import { Loads } from '../repositories/loads.ts';
import { DATABASE_FILE } from '../services/open-services.ts';
import { openKnownSigningKey, type SigningKey } from '../services/secrets/signing-key.ts';
import { dataFolderOf, runCommand } from './data-folder.ts';

const USAGE = `The audit log.

  npm run audit -- verify [--head <hash>] [--data <folder>]
  npm run audit -- export [--out <file>] [--data <folder>]

verify recomputes every hash. With the head of an earlier check or export it also notices when the end was cut off.
export writes one JSON row a line and, last, the head with the server's signature.`;

const PAGE = 5_000;

async function* exported(log: AuditLog, { publicKey, sign }: SigningKey): AsyncGenerator<string> {
  let sequence = 0;
  let head = '';
  for (;;) {
    const rows = await log.read(sequence, PAGE);
    for (const row of rows) yield `${JSON.stringify(row)}\n`;
    const last = rows.at(-1);
    if (last === undefined) break;
    ({ sequence, hash: head } = last);
  }
  yield `${JSON.stringify({ format: 'mekiki-audit', version: 1, rows: sequence, head, publicKey, signature: sign(head) })}\n`;
}

runCommand(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      head: { type: 'string' },
      out: { type: 'string' },
      data: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const [command] = positionals;
  if (values.help === true || (command !== 'verify' && command !== 'export')) {
    console.log(USAGE);
    return values.help === true ? 0 : 2;
  }
  const dataFolder = dataFolderOf(values.data);
  const client = await openDatabase(join(dataFolder, DATABASE_FILE));
  try {
    const log = new AuditLog(client);
    const { isIntact, rows, head, brokenAtSequence } = await log.verify(values.head);
    if (!isIntact) {
      console.error(
        `The audit log is BROKEN at row ${brokenAtSequence}: it was changed, removed or moved. ${rows} rows before it are intact.`,
      );
      if (command === 'verify') return 1;
    }
    if (command === 'export') {
      const key = await openKnownSigningKey(dataFolder, new Loads(client), false);
      const target = values.out === undefined ? process.stdout : createWriteStream(values.out, { flags: 'wx', mode: 0o600 });
      await pipeline(exported(log, key), target, { end: values.out !== undefined });
      return isIntact ? 0 : 1;
    }
    console.log(`Intact: ${rows} rows. Head: ${head}\nNote the head elsewhere: with --head, rows cut off the end are noticed too.`);
    return 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw new AppError('invalid-input', 'That file exists. Choose another name.');
    throw error;
  } finally {
    client.close();
  }
});
