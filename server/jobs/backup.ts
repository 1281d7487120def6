/** @file `npm run backup -- --to <folder> [--data <folder>] [--with-master-key]`. The server may run meanwhile. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { backUp } from '../services/storage/backup.ts';
import { dataFolderOf, runCommand } from './data-folder.ts';

const USAGE = `Back up the data folder. The server may run, and write, meanwhile.

  npm run backup -- --to <folder> [--data <folder>] [--with-master-key] [--without-vectors]

The folder must not exist, or be empty. The master key is left out unless asked for: without it nobody reads the thumbnails,
neither you. Keep it elsewhere. Vectors in an object store or a service (--index) cannot be taken from here: copy them with npm run export and
say --without-vectors. What is erased later stays in backups that were made before: delete those in time.`;

runCommand(async () => {
  const { values } = parseArgs({
    options: {
      to: { type: 'string' },
      data: { type: 'string' },
      'with-master-key': { type: 'boolean' },
      'without-vectors': { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true || values.to === undefined) {
    console.log(USAGE);
    return values.help === true ? 0 : 2;
  }
  const startedAtMs = performance.now();
  const { files, auditHead, hasMasterKey, vectorsElsewhere } = await backUp({
    dataFolder: dataFolderOf(values.data),
    to: resolve(values.to),
    isWithMasterKey: values['with-master-key'] === true,
    isWithoutVectors: values['without-vectors'] === true,
  });
  const megabytes = files.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6;
  const seconds = (performance.now() - startedAtMs) / 1000;
  console.log(`${files.length} files, ${megabytes.toFixed(1)} MB, ${seconds.toFixed(1)} s. Audit log up to ${auditHead}.`);
  if (vectorsElsewhere !== null) console.log(`Without vectors: they are at ${vectorsElsewhere}.`);
  if (!hasMasterKey) console.log('Without the master key: keep that one elsewhere.');
  return 0;
});
