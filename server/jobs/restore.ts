/** @file `npm run restore -- --from <folder> [--data <folder>]`. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { restore } from '../services/storage/backup.ts';
import { dataFolderOf, runCommand } from './data-folder.ts';

const USAGE = `Put a backup into a new data folder.

  npm run restore -- --from <folder> [--data <folder>]

The data folder must not exist, or be empty: move the old one away first, with the server stopped. Every file is checked.
A backup without the master key needs that key at the next start. Persons who were erased since are in it again: erase them again.`;

runCommand(async () => {
  const { values } = parseArgs({
    options: { from: { type: 'string' }, data: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help === true || values.from === undefined) {
    console.log(USAGE);
    return values.help === true ? 0 : 2;
  }
  const { files, atMs, hasMasterKey, vectorsElsewhere } = await restore(resolve(values.from), dataFolderOf(values.data));
  console.log(`${files.length} files, as of ${new Date(atMs).toISOString()}.`);
  if (vectorsElsewhere !== null)
    console.log(`The backup holds no vectors: start with --index ${vectorsElsewhere}, or ingest exported ones.`);
  if (!hasMasterKey) console.log('The backup holds no master key: put master.key into the data folder, or give it by MEKIKI_MASTER_KEY.');
  return 0;
});
