/** @file Starts the thread of bulk-writer.ts: a thread does not inherit the compiler. */
import { register } from 'tsx/esm/api';

register();
await import('./bulk-writer.ts');
