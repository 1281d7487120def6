/** @file `npm run torture [-- --rounds 50] [--seed n]`: the campaign of `kill -9`, in full. Takes about ten minutes. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT, run } from './set-up.mjs';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '50' }, seed: { type: 'string' } } });
const env = { MEKIKI_TORTURE_ROUNDS: values.rounds, ...(values.seed === undefined ? {} : { MEKIKI_TORTURE_SEED: values.seed }) };
process.exitCode = run(
  join(ROOT, 'node_modules', '.bin', 'vitest'),
  ['run', '--project', 'contract', 'tests/contract/server/torture.test.ts', '--disable-console-intercept'],
  env,
);
