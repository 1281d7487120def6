/** @file What delivered tables and pages say, in the language of the screen. Thread: page. */
import type { RaceTableWords } from '../../contracts/race-delivery.ts';
import type { DeliveryOrder } from '../../flow/deliver-race.ts';
import { m } from '../../paraglide/messages.js';
import { getLocale } from '../../paraglide/runtime.js';

export function raceTableWords(): RaceTableWords {
  return {
    ...{ title: m.race_table_title(), number: m.race_number(), name: m.race_name(), category: m.race_category(), team: m.race_team() },
    ...{
      wave: m.race_wave(),
      file: m.race_file(),
      source: m.race_source(),
      photographer: m.race_photographer(),
      camera: m.race_camera(),
    },
    ...{ place: m.race_place(), time: m.race_time(), certainty: m.race_certainty(), probability: m.race_probability() },
    saidBy: m.race_said_by(),
    certainties: { sure: m.race_sure(), check: m.race_check(), none: m.race_none() },
    voices: { print: m.race_said_print(), burst: m.race_said_burst(), body: m.race_said_body(), user: m.race_said_user() },
    places: { goal: m.race_at_goal(), course: m.race_at_course(), start: m.race_at_start(), other: m.race_at_other() },
  };
}

export function raceSiteWords(): DeliveryOrder['words'] {
  return {
    ...{
      language: getLocale(),
      search: m.race_site_search(),
      show: m.race_site_show(),
      all: m.race_site_all(),
      back: m.race_site_back(),
    },
    // The page itself puts the number in.
    unknown: m.race_site_unknown({ number: '{number}' }),
    goal: m.race_at_goal(),
    photoOf: (number) => m.race_site_photo_of({ number }),
  };
}
