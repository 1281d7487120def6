/** @file The companion server for the operators' page. Thread: page. */
import type { Health } from '../contracts/server-api.ts';
import { engine } from './engine.ts';

/** @throws AppError('offline' | 'server-refused') */
export async function serverHealth(): Promise<Health> {
  return (await engine()).server.health();
}
