/** @file What every command needs: which data folder, and how a command ends. */
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AppError } from '../../src/contracts/errors.ts';

/** @param given value of `--data`. @returns the data folder, absolute: as given, from the environment, or the project's own. */
export function dataFolderOf(given: string | undefined): string {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  return resolve(given ?? process.env['MEKIKI_DATA'] ?? join(root, 'data'));
}

/** Run a command. Exit status: as it returns, 2 for what the caller can mend, 1 for a bug. */
export function runCommand(command: () => Promise<number>): void {
  command().then(
    (status) => (process.exitCode = status),
    (error: unknown) => {
      const isOurs = error instanceof AppError || (error instanceof Error && /^Unknown option|argument missing/.test(error.message));
      console.error(isOurs ? error.message : error);
      process.exitCode = isOurs ? 2 : 1;
    },
  );
}
