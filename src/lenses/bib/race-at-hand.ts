/** @file The race that was opened last: photos dropped anywhere in the app go there. Thread: page. */

let eventId: string | null = null;

export function rememberRace(id: string): void {
  eventId = id;
}

/** Null: none was opened since the app was. */
export function raceAtHand(): string | null {
  return eventId;
}
