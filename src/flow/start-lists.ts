/** @file The start-list worker of this page. Thread: page. */
import { createStartListClient } from '../clients/start-list-client.ts';
import type { StartListService } from '../contracts/start-list-api.ts';

let service: StartListService | null = null;

/** @returns the same service each time; its worker starts with the first call. */
export function startLists(): StartListService {
  service ??= createStartListClient();
  return service;
}
