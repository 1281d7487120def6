/** @file Which photos of a race are shown: kept while the user goes into one and comes back. Thread: page. */
import type { PhotoOutcome, RacePhoto } from '../../contracts/race.ts';
import { BLURRED_BELOW01 } from '../../core/race/sharpness.ts';

/** What a photo has to be like. */
export const SHEET_KINDS = ['all', 'named', 'doubtful', 'nameless', 'nobody', 'blurred', 'unread', 'failed'] as const;
export type SheetKind = (typeof SHEET_KINDS)[number];

interface Query {
  readonly state?: RacePhoto['state'];
  readonly outcome?: PhotoOutcome;
  readonly cameraId?: string;
  readonly belowSharpness01?: number;
}

class SheetFilter {
  kind = $state<SheetKind>('all');
  /** Empty: of all cameras. */
  cameraId = $state('');

  get query(): Query {
    const camera = this.cameraId === '' ? {} : { cameraId: this.cameraId };
    switch (this.kind) {
      case 'all':
        return camera;
      case 'blurred':
        return { ...camera, belowSharpness01: BLURRED_BELOW01 };
      case 'unread':
        return { ...camera, state: 'waiting' };
      case 'failed':
        return { ...camera, state: 'failed' };
      default:
        return { ...camera, outcome: this.kind };
    }
  }
}

/** One for the page: another race begins with all of its photos. */
export const sheetFilter = new SheetFilter();
