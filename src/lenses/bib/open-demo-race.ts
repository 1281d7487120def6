/** @file The demo race, opened: made when it is not there, its photos read like any others. Thread: page. */
import { device } from '../../state/device.ts';
import { raceImport } from '../../state/race/race-import.svelte.ts';
import { DEMO_ENTRANTS, DEMO_ID, demoEvent, drawDemoFolder } from './demo-race.ts';
import { deskAddress } from './desk-path.ts';

/** @returns its address. @throws AppError('quota-exceeded') */
export async function openDemoRace(onDrawn: (done: number, total: number) => void): Promise<string> {
  const { raceEvents, entrants } = device();
  const known = await raceEvents.get(DEMO_ID);
  const event = known ?? demoEvent(Date.now());
  const folder = await drawDemoFolder(event, onDrawn);
  if (known === null) {
    await raceEvents.put(event);
    await entrants.replace(DEMO_ID, DEMO_ENTRANTS);
  }
  await raceImport.addFolder(DEMO_ID, '', folder);
  return deskAddress({ page: 'import', eventId: DEMO_ID });
}
