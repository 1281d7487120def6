/** @file A backup as a process of its own, to be killed: `backup-process.ts <data folder> <target>`. Its hold ends soon after. */
import { backUp } from '../../../../server/services/storage/backup.ts';

const [, , dataFolder = '', to = ''] = process.argv;
await backUp({ dataFolder, to, isWithMasterKey: true, holdMs: 4_000 });
