/** @file The live camera as the capture screen sees it: what it can do, what it sees. Thread: page. */
import { listCameras, openCamera, type CameraDevice, type CameraSession } from '../capture/camera.ts';
import { toAppError, type AppError } from '../contracts/errors.ts';
import type { Point } from '../contracts/geometry.ts';
import type { MediaRef } from '../contracts/media.ts';
import type { LiveSighting } from '../flow/analyse-live.ts';

const NOTHING_SEEN: LiveSighting = { barcodes: [], products: [] };

/** One visit of the capture screen; call {@link close} when it is left. */
export class Camera {
  readonly #facing: 'user' | 'environment';
  #session = $state.raw<CameraSession | null>(null);
  #error = $state.raw<AppError | null>(null);
  #isOpening = $state(false);
  #isTorchOn = $state(false);
  #zoom = $state(1);
  #cameras = $state.raw<readonly CameraDevice[]>([]);
  #sighting = $state.raw<LiveSighting>(NOTHING_SEEN);
  #isClosed = false;

  /** @param facing which camera is opened unless one is named. */
  constructor(facing: 'user' | 'environment' = 'environment') {
    this.#facing = facing;
  }

  get session(): CameraSession | null {
    return this.#session;
  }

  /** Why there is no picture: `permission-denied`, `invalid-input` (no camera), `busy`, … */
  get error(): AppError | null {
    return this.#error;
  }

  get isOpening(): boolean {
    return this.#isOpening;
  }

  get isTorchOn(): boolean {
    return this.#isTorchOn;
  }

  get zoom(): number {
    return this.#zoom;
  }

  get cameras(): readonly CameraDevice[] {
    return this.#cameras;
  }

  /** Codes in view, and the products that they name. */
  get sighting(): LiveSighting {
    return this.#sighting;
  }

  /** Ask for a camera. The browser asks the user the first time. */
  async open(deviceId?: string): Promise<void> {
    this.#session?.close();
    this.#session = null;
    this.#error = null;
    this.#isOpening = true;
    this.#isTorchOn = false;
    try {
      const session = await openCamera(deviceId === undefined ? { facing: this.#facing } : { deviceId });
      if (this.#isClosed) {
        session.close();
        return;
      }
      session.onEnded((error) => {
        this.#error = error;
        this.#session = null;
      });
      this.#session = session;
      this.#zoom = session.abilities.zoom?.min ?? 1;
      this.#cameras = await listCameras();
    } catch (caught) {
      this.#error = toAppError(caught, 'bug', 'capture');
    } finally {
      this.#isOpening = false;
    }
  }

  async setTorch(isOn: boolean): Promise<void> {
    await this.#session?.setTorch(isOn);
    this.#isTorchOn = isOn;
  }

  async setZoom(zoom: number): Promise<void> {
    this.#zoom = zoom;
    await this.#session?.setZoom(zoom);
  }

  /** The next camera of the device. */
  async switch(): Promise<void> {
    const at = this.#cameras.findIndex(({ deviceId }) => deviceId === this.#session?.deviceId);
    const next = this.#cameras[(at + 1) % this.#cameras.length];
    if (next !== undefined) await this.open(next.deviceId);
  }

  async focusAt(point: Point): Promise<void> {
    await this.#session?.focusAt(point);
  }

  /** @throws AppError */
  async takeStill(video: HTMLVideoElement): Promise<MediaRef | null> {
    return this.#session === null ? null : this.#session.takeStill(video);
  }

  /** Read codes from the live picture until told to stop; failures only mean that nothing is highlighted. */
  watch(video: HTMLVideoElement): () => void {
    const session = this.#session;
    if (session === null) return () => {};
    const controller = new AbortController();
    void (async () => {
      const [{ watchBarcodes }, { engine }, { latestFrames }] = await Promise.all([
        import('../flow/analyse-live.ts'),
        import('./engine.ts'),
        import('./latest-frames.ts'),
      ]);
      const { pipeline } = await engine();
      if (controller.signal.aborted) return;
      await watchBarcodes(
        latestFrames(session, video, controller.signal),
        pipeline,
        (sighting) => (this.#sighting = sighting),
        controller.signal,
      );
    })().catch(() => (this.#sighting = NOTHING_SEEN));
    return () => {
      controller.abort();
      this.#sighting = NOTHING_SEEN;
    };
  }

  /** Switch off until it is opened again. */
  pause(): void {
    this.#session?.close();
    this.#session = null;
  }

  /** Switch off for good. */
  close(): void {
    this.#isClosed = true;
    this.pause();
  }
}
