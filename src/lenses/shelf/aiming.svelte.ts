/** @file Watches the live picture while somebody aims at a shelf. Nothing of the picture is kept. Thread: page. */
import { captureAdvice, rollOf, type CaptureAdvice } from '../../core/shelf/capture-guidance.ts';
import { deviceTilt, type DeviceTilt } from '../../core/shelf/device-tilt.ts';
import { measureFrame, motionBetween, type GreyFrame } from '../../core/shelf/frame-measures.ts';
import { toGrey } from '../../core/tensor-layout.ts';

const SIDE_PX = 320;
/** Often enough to feel live, seldom enough to leave the phone cool. */
const EVERY_MS = 220;
/** A warning that flickers helps nobody: it must stand this many pictures to be shown, and to go. */
const STEADY = 2;

/** Members of Device Orientation (W3C) that TypeScript's DOM library does not list. */
interface AskingOrientation {
  requestPermission?: () => Promise<'granted' | 'denied'>;
}

/** One visit of the camera screen; {@link start} it with the video. */
export class Aiming {
  #advice = $state.raw<CaptureAdvice | null>(null);
  #rollDeg = $state.raw<number | null>(null);
  #isBlank = $state(true);
  #mustAsk = $state(false);
  #tilt: DeviceTilt | null = null;
  #before: GreyFrame | null = null;
  #candidate: CaptureAdvice | null = null;
  #stands = 0;

  /** What to change first; null: all is well. */
  get advice(): CaptureAdvice | null {
    return this.#advice;
  }

  /** Nothing is in view: a wall, a floor, a finger on the lens. */
  get isBlank(): boolean {
    return this.#isBlank;
  }

  /** Clockwise turn of the phone in degrees; null while unknown. */
  get rollDeg(): number | null {
    return this.#rollDeg;
  }

  /** The phone tells how it is held only after its user allowed it, by a tap: {@link askForTilt}. */
  get mustAsk(): boolean {
    return this.#mustAsk;
  }

  /** @returns the way to stop. */
  start(video: HTMLVideoElement): () => void {
    const canvas = new OffscreenCanvas(1, 1);
    const timer = setInterval(() => this.#look(video, canvas), EVERY_MS);
    const asking = typeof DeviceOrientationEvent === 'undefined' ? null : (DeviceOrientationEvent as unknown as AskingOrientation);
    this.#mustAsk = asking?.requestPermission !== undefined;
    window.addEventListener('deviceorientation', this.#feel);
    return () => {
      clearInterval(timer);
      window.removeEventListener('deviceorientation', this.#feel);
    };
  }

  /** Call it in a tap. */
  async askForTilt(): Promise<void> {
    const asking = DeviceOrientationEvent as unknown as AskingOrientation;
    // Refused: the boards in the picture still tell.
    await asking.requestPermission?.().catch(() => 'denied');
    this.#mustAsk = false;
  }

  readonly #feel = ({ beta, gamma }: DeviceOrientationEvent): void => {
    this.#tilt = beta === null || gamma === null ? null : deviceTilt(beta, gamma, screen.orientation.angle);
  };

  #look(video: HTMLVideoElement, canvas: OffscreenCanvas): void {
    const { videoWidth, videoHeight } = video;
    if (videoWidth === 0 || document.hidden) return;
    const shrink = SIDE_PX / Math.max(videoWidth, videoHeight);
    const [width, height] = [Math.round(videoWidth * shrink), Math.round(videoHeight * shrink)];
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    const context = canvas.getContext('2d', { willReadFrequently: true });
    if (context === null) return;
    context.drawImage(video, 0, 0, width, height);
    const { data } = context.getImageData(0, 0, width, height);
    const frame: GreyFrame = { widthPx: width, heightPx: height, data: toGrey({ widthPx: width, heightPx: height, data }) };
    const motion01 = this.#before === null ? null : motionBetween(this.#before, frame);
    this.#before = frame;
    const measures = measureFrame(frame);
    this.#isBlank = measures.blur01 === null;
    this.#rollDeg = rollOf(measures, this.#tilt);
    this.#settle(captureAdvice({ frame: measures, motion01, tilt: this.#tilt })[0] ?? null);
  }

  #settle(advice: CaptureAdvice | null): void {
    this.#stands = advice === this.#candidate ? this.#stands + 1 : 1;
    this.#candidate = advice;
    if (this.#stands >= STEADY) this.#advice = advice;
  }
}
