/** @file The race worker of this page. Thread: page. */
import { createRaceDeskClient } from '../clients/race-desk-client.ts';
import type { RaceDeskService } from '../contracts/race-desk-api.ts';

let service: RaceDeskService | null = null;

/** @returns the same service each time; its worker starts with the first call. */
export function raceDesk(): RaceDeskService {
  service ??= createRaceDeskClient();
  return service;
}
