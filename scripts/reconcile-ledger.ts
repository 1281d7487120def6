/** @file `npm run ledger:reconcile -- --phone <export.json> [--data <folder>]`: what a phone says it sent against what arrived here. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { AppError } from '../src/contracts/errors.ts';
import { ledgerExportSchema } from '../src/store/ledger.ts';
import { dataFolderOf, runCommand } from '../server/jobs/data-folder.ts';
import { Arrivals } from '../server/repositories/arrivals.ts';
import { openDatabase } from '../server/repositories/database.ts';
import { DATABASE_FILE } from '../server/services/open-services.ts';
import { reconcile } from './ledger-reconciliation.ts';

const USAGE = `Hold a phone's ledger (Privacy page, export) against this server's.

  npm run ledger:reconcile -- --phone <export.json> [--actor <key id>] [--skew <seconds>] [--data <folder>]

Exit status 1 when something left that the phone does not know of, was blocked and arrived, or was sent and did not arrive.
--actor: the key that only this phone has; then arrivals that the phone does not know of are found too.`;

runCommand(async () => {
  const { values } = parseArgs({
    options: {
      phone: { type: 'string' },
      actor: { type: 'string' },
      skew: { type: 'string' },
      data: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true || values.phone === undefined) {
    console.log(USAGE);
    return values.help === true ? 0 : 2;
  }
  const parsed = ledgerExportSchema.safeParse(JSON.parse(readFileSync(values.phone, 'utf8')));
  if (!parsed.success) throw new AppError('invalid-input', 'That file is no ledger that a phone exported.');
  const client = await openDatabase(join(dataFolderOf(values.data), DATABASE_FILE));
  try {
    const result = await reconcile(parsed.data, new Arrivals(client), {
      actor: values.actor ?? null,
      skewMs: Number(values.skew ?? 300) * 1000,
    });
    console.log(`The phone's chain is ${result.isChainIntact ? 'intact' : 'BROKEN: its rows were changed'}.`);
    for (const [name, count] of Object.entries(result.counts)) console.log(`${String(count).padStart(7)}  ${name}`);
    for (const line of result.findings) console.log(`  ! ${line}`);
    return result.isChainIntact && result.findings.length === 0 ? 0 : 1;
  } finally {
    client.close();
  }
});
