/** @file Loaded into the measured server: how late its event loop is. SIGUSR2 writes the figures since the last one to the file LAG_FILE. */
import { writeFileSync } from 'node:fs';

const STEP_MS = 5;
let late: number[] = [];
let due = performance.now() + STEP_MS;
setInterval(() => {
  const now = performance.now();
  late.push(Math.max(0, now - due));
  due = now + STEP_MS;
}, STEP_MS).unref();
process.on('SIGUSR2', () => {
  const sorted = late.sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  late = [];
  writeFileSync(process.env['LAG_FILE'] ?? '/dev/null', JSON.stringify({ p50: at(0.5), p99: at(0.99), max: sorted.at(-1) ?? 0 }));
});
