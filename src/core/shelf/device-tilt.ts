/** @file How a phone is held, from the angles that it reports. Thread: any. */

/** Both in degrees; 0 and 0: level, looking straight ahead. */
export interface DeviceTilt {
  /** Clockwise turn of the phone as its user sees it, -180..180. */
  readonly rollDeg: number;
  /** Up is positive, -90..90. */
  readonly pitchDeg: number;
}

/**
 * @param betaDeg front-to-back tilt as `DeviceOrientationEvent.beta`.
 * @param gammaDeg left-to-right tilt as `DeviceOrientationEvent.gamma`.
 * @param screenAngleDeg turn of the screen's content, as `screen.orientation.angle`.
 * @returns how the camera on the phone's back is held. Down in the device's own frame is the third row of the rotation Z(alpha) X(beta)
 * Y(gamma), negated (W3C Device Orientation, worked example in its annex).
 */
export function deviceTilt(betaDeg: number, gammaDeg: number, screenAngleDeg: number): DeviceTilt {
  const beta = (betaDeg * Math.PI) / 180;
  const gamma = (gammaDeg * Math.PI) / 180;
  const down = { x: Math.cos(beta) * Math.sin(gamma), y: -Math.sin(beta), z: -Math.cos(beta) * Math.cos(gamma) };
  const held = (Math.atan2(down.x, -down.y) * 180) / Math.PI;
  // The content was turned so that it is upright again: what is left is the tilt that the user sees.
  const rollDeg = ((((held + screenAngleDeg) % 360) + 540) % 360) - 180;
  // The camera looks along -z: down's part along that is how far it looks down.
  const pitchDeg = (Math.asin(Math.min(1, Math.max(-1, down.z))) * 180) / Math.PI;
  return { rollDeg, pitchDeg };
}
