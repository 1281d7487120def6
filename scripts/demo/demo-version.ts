/** @file Names the state of the demo by its contents, so that an app that has it already does not load it again. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Write `version.json` beside the catalogue and the pack. */
export function writeVersion(folder: string): void {
  const hash = createHash('sha256');
  for (const name of ['catalogue.json', 'pack.json']) if (existsSync(join(folder, name))) hash.update(readFileSync(join(folder, name)));
  writeFileSync(join(folder, 'version.json'), `${JSON.stringify({ version: hash.digest('hex').slice(0, 16) })}\n`);
}
