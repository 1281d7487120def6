/** @file What one evaluation gives: `results.json` and the lines on the terminal. */
import { cpus } from 'node:os';

/** One item's outcome. */
export interface ItemReport {
  readonly file: string;
  readonly expected: unknown;
  readonly got: unknown;
  readonly ms: number;
}

/** What a kind's evaluator returns. */
export interface KindReport {
  /** Names of docs/evaluate.md. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly items: readonly ItemReport[];
}

/** `results.json`. */
export interface Report extends KindReport {
  readonly lens: string;
  readonly kind: string;
  readonly dataset: string;
  readonly count: number;
  readonly seconds: number;
  readonly environment: Readonly<Record<string, string | number>>;
}

/** Where it ran and with which weights. */
export function environmentOf(models: Readonly<Record<string, string>>): Report['environment'] {
  return { node: process.versions.node, platform: `${process.platform} ${process.arch}`, cores: cpus().length, ...models };
}

/** Lines for the terminal. */
export function printReport({ kind, dataset, count, seconds, metrics }: Report): void {
  console.log(`\n${dataset} (${kind}): ${count} items in ${seconds.toFixed(1)} s`);
  for (const [name, value] of Object.entries(metrics))
    console.log(`  ${name.padEnd(28)} ${Number.isInteger(value) ? value : value.toFixed(4)}`);
}

/** A counter on one line of the terminal, none in a log. */
export function progressLine(what: string, total: number): (done: number) => void {
  return (done) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${what} ${done}/${total}${done === total ? '\n' : ''}`);
    else if (done === total || done % 100 === 0) process.stderr.write(`${what} ${done}/${total}\n`);
  };
}
