/** @file Advice while aiming at a shelf: what would make the photo hard to read, worst first. Thread: any. */
import type { DeviceTilt } from './device-tilt.ts';
import type { FrameMeasures } from './frame-measures.ts';

/** What to change. */
export type CaptureAdvice =
  | 'more-light'
  | 'less-glare'
  | 'hold-still'
  | 'out-of-focus'
  | 'turn-left'
  | 'turn-right'
  | 'look-straight'
  | 'stand-square'
  | 'go-nearer'
  | 'go-back';

/** What is known while aiming. */
export interface AimingState {
  readonly frame: FrameMeasures;
  /** Mean difference to the picture before, 0..1; null for the first. */
  readonly motion01: number | null;
  /** Null where the device does not say. */
  readonly tilt: DeviceTilt | null;
}

/**
 * Limits. Set on rendered shelves and on what the detector bears, not on a labelled set of live pictures: they warn early, and nothing that
 * they say stops the shutter.
 */
export const AIMING_LIMITS = {
  darkest01: 0.16,
  glare01: 0.035,
  motion01: 0.05,
  blur01: 0.62,
  rollDeg: 4,
  pitchDeg: 22,
  keystoneDeg: 7,
  /** A facing narrower than this share of the picture keeps under 80 px of a 12-megapixel photo in landscape. */
  narrowest01: 0.02,
  widest01: 0.3,
} as const;

/** @returns everything that would harm the photo, the gravest first; empty: all is well. */
export function captureAdvice({ frame, motion01, tilt }: AimingState): CaptureAdvice[] {
  const limits = AIMING_LIMITS;
  const advice: CaptureAdvice[] = [];
  if (frame.brightness01 < limits.darkest01) advice.push('more-light');
  const isMoving = motion01 !== null && motion01 > limits.motion01;
  if (isMoving) advice.push('hold-still');
  if (frame.glare01 > limits.glare01) advice.push('less-glare');
  const rollDeg = rollOf(frame, tilt);
  if (rollDeg !== null && Math.abs(rollDeg) > limits.rollDeg) advice.push(rollDeg > 0 ? 'turn-left' : 'turn-right');
  if (tilt !== null && Math.abs(tilt.pitchDeg) > limits.pitchDeg) advice.push('look-straight');
  // What moves is blurred by that, and is told so already.
  if (!isMoving && frame.blur01 !== null && frame.blur01 > limits.blur01) advice.push('out-of-focus');
  if (frame.keystoneDeg !== null && Math.abs(frame.keystoneDeg) > limits.keystoneDeg) advice.push('stand-square');
  if (frame.pitch01 !== null && frame.pitch01 < limits.narrowest01) advice.push('go-nearer');
  if (frame.pitch01 !== null && frame.pitch01 > limits.widest01) advice.push('go-back');
  return advice;
}

/** @returns clockwise turn of the phone in degrees: as it says where it is held upright enough, else by the boards, which then turn the other way. */
export function rollOf(frame: FrameMeasures, tilt: DeviceTilt | null): number | null {
  return tilt !== null && Math.abs(tilt.pitchDeg) < 60 ? tilt.rollDeg : frame.rollDeg === null ? null : -frame.rollDeg;
}
