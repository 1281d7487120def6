/**
 * @file The live camera: opening it, its light, zoom and focus where the device has them, stills at full resolution, and frames for
 * live analysis where only the latest counts. Thread: page.
 */
import { AppError, toAppError } from '../contracts/errors.ts';
import type { MediaRef } from '../contracts/media.ts';
import type { Point } from '../contracts/geometry.ts';
import { toMediaRef } from './files.ts';

/** A camera that can be chosen. */
export interface CameraDevice {
  readonly deviceId: string;
  /** Empty until the user gave permission. */
  readonly label: string;
}

export interface Range {
  readonly min: number;
  readonly max: number;
  readonly step: number;
}

/** What this camera can do; what it cannot do is absent from the page. */
export interface CameraAbilities {
  readonly hasTorch: boolean;
  readonly zoom: Range | null;
  /** True: {@link CameraSession.focusAt} does something. */
  readonly canFocusAt: boolean;
}

export interface OpenCameraOptions {
  /** Default: the one that looks where `facing` says. */
  readonly deviceId?: string;
  /** Default `environment`: away from the user. */
  readonly facing?: 'user' | 'environment';
}

export interface CameraSession {
  readonly stream: MediaStream;
  readonly deviceId: string;
  readonly abilities: CameraAbilities;
  /** Light on or off. @throws AppError('invalid-input') where there is none. */
  setTorch(isOn: boolean): Promise<void>;
  /** @param zoom clamped to the camera's range. */
  setZoom(zoom: number): Promise<void>;
  /** Focus (and expose) at a point, 0..1 of the upright picture. */
  focusAt(point: Point): Promise<void>;
  /**
   * A still at the camera's full resolution where the browser has `ImageCapture`, else the current frame of `video`.
   * @throws AppError('permission-denied' | 'bug')
   */
  takeStill(video: HTMLVideoElement): Promise<MediaRef>;
  /**
   * Hand frames to `onFrame`, one at a time: while it works, frames pass unseen, and it then gets the newest. The bitmap belongs to
   * `onFrame`, which must close or transfer it. Returns the way to stop.
   * @param maxSidePx longest side of the bitmaps.
   */
  watchFrames(video: HTMLVideoElement, onFrame: (bitmap: ImageBitmap) => Promise<void>, maxSidePx: number): () => void;
  /** Called once when the camera goes away by itself: unplugged, taken by a call, permission withdrawn. */
  onEnded(listener: (error: AppError) => void): void;
  /** Switch the camera off. Safe to call twice. */
  close(): void;
}

/** Members of Image Capture (W3C) that TypeScript's DOM library does not list. */
interface CameraCapabilities extends MediaTrackCapabilities {
  torch?: boolean;
  zoom?: { min: number; max: number; step?: number };
  focusMode?: string[];
  pointsOfInterest?: unknown;
}
interface CameraConstraintSet extends MediaTrackConstraintSet {
  torch?: boolean;
  zoom?: number;
  focusMode?: string;
  exposureMode?: string;
  pointsOfInterest?: readonly Point[];
}
interface ImageCaptureLike {
  takePhoto(settings?: { fillLightMode?: string; imageWidth?: number; imageHeight?: number }): Promise<Blob>;
  getPhotoCapabilities?(): Promise<{ imageWidth?: { max: number }; imageHeight?: { max: number } }>;
}
type ImageCaptureConstructor = new (track: MediaStreamTrack) => ImageCaptureLike;

/** takePhoto can hang for ever when the camera driver does; the live frame is then better than nothing. */
const STILL_TIMEOUT_MS = 4000;
const STILL_QUALITY01 = 0.95;

/** Cameras of this device. Labels are empty before permission was given. */
export async function listCameras(): Promise<CameraDevice[]> {
  const devices = mediaDevices();
  if (devices === null) return [];
  const all = await devices.enumerateDevices().catch(() => []);
  return all.filter(({ kind }) => kind === 'videoinput').map(({ deviceId, label }) => ({ deviceId, label }));
}

/**
 * Ask for the camera and start it.
 * @throws AppError('permission-denied') when the user or the browser says no, or without a secure context; `invalid-input` when there is
 * no (such) camera; `busy` when another app holds it.
 */
export async function openCamera(options: OpenCameraOptions = {}): Promise<CameraSession> {
  const devices = mediaDevices();
  if (devices === null) throw new AppError('permission-denied', 'the camera needs HTTPS or localhost', { stage: 'capture' });
  const which: MediaTrackConstraints =
    options.deviceId === undefined ? { facingMode: { ideal: options.facing ?? 'environment' } } : { deviceId: { exact: options.deviceId } };
  // A stream of 1080 lines reads barcodes at arm's length and stays cheap; stills come from ImageCapture at full size.
  const video: MediaTrackConstraints = { ...which, width: { ideal: 1920 }, height: { ideal: 1080 } };
  const stream = await devices.getUserMedia({ video, audio: false }).catch((error: unknown) => {
    throw cameraError(error);
  });
  const [track] = stream.getVideoTracks();
  if (track === undefined) throw new AppError('invalid-input', 'the stream has no picture', { stage: 'capture' });
  return createSession(stream, track);
}

function createSession(stream: MediaStream, track: MediaStreamTrack): CameraSession {
  const abilities = abilitiesOf(track);
  let isClosed = false;
  const apply = async (set: CameraConstraintSet): Promise<void> => {
    await track.applyConstraints({ advanced: [set] }).catch((error: unknown) => {
      throw new AppError('invalid-input', 'the camera refuses this setting', { cause: error, stage: 'capture' });
    });
  };
  return {
    stream,
    deviceId: track.getSettings().deviceId ?? '',
    abilities,
    async setTorch(isOn) {
      if (!abilities.hasTorch) throw new AppError('invalid-input', 'this camera has no light', { stage: 'capture' });
      await apply({ torch: isOn });
    },
    async setZoom(zoom) {
      if (abilities.zoom === null) return;
      await apply({ zoom: Math.min(abilities.zoom.max, Math.max(abilities.zoom.min, zoom)) });
    },
    async focusAt(point) {
      if (!abilities.canFocusAt) return;
      const modes = capabilitiesOf(track).focusMode ?? [];
      const focusMode = modes.includes('single-shot') ? 'single-shot' : 'continuous';
      await apply({ pointsOfInterest: [point], ...(modes.includes(focusMode) ? { focusMode } : {}) });
    },
    takeStill: (video) => takeStill(track, video),
    watchFrames: (video, onFrame, maxSidePx) => watchFrames(video, onFrame, maxSidePx),
    onEnded(listener) {
      track.addEventListener(
        'ended',
        () => {
          if (!isClosed) listener(new AppError('busy', 'the camera went away', { stage: 'capture', retryable: true }));
        },
        { once: true },
      );
    },
    close() {
      isClosed = true;
      for (const each of stream.getTracks()) each.stop();
    },
  };
}

/** @returns null outside secure contexts, whatever the type says. */
function mediaDevices(): MediaDevices | null {
  return (navigator as { mediaDevices?: MediaDevices }).mediaDevices ?? null;
}

/** Error names: Media Capture and Streams, 10.3.5 `getUserMedia`. */
function cameraError(error: unknown): AppError {
  const options = { cause: error, stage: 'capture' };
  switch (error instanceof DOMException ? error.name : '') {
    case 'NotAllowedError':
    case 'SecurityError':
      return new AppError('permission-denied', 'the camera was denied', options);
    case 'NotFoundError':
    case 'OverconstrainedError':
      return new AppError('invalid-input', 'there is no such camera', options);
    case 'NotReadableError':
    case 'AbortError':
      return new AppError('busy', 'another app uses the camera', options);
    default:
      return toAppError(error, 'bug', 'capture');
  }
}

function capabilitiesOf(track: MediaStreamTrack): CameraCapabilities {
  // Firefox got it late; without it a camera simply has no extras.
  return typeof track.getCapabilities === 'function' ? track.getCapabilities() : {};
}

function abilitiesOf(track: MediaStreamTrack): CameraAbilities {
  const { torch, zoom, focusMode, pointsOfInterest } = capabilitiesOf(track);
  const supported = navigator.mediaDevices.getSupportedConstraints() as { pointsOfInterest?: boolean };
  const hasPoints = pointsOfInterest !== undefined || supported.pointsOfInterest === true;
  return {
    hasTorch: torch === true,
    zoom: zoom !== undefined && zoom.max > zoom.min ? { min: zoom.min, max: zoom.max, step: zoom.step ?? 0.1 } : null,
    canFocusAt: hasPoints && (focusMode ?? []).some((mode) => mode === 'single-shot' || mode === 'continuous'),
  };
}

async function takeStill(track: MediaStreamTrack, video: HTMLVideoElement): Promise<MediaRef> {
  if (track.readyState !== 'live') throw new AppError('permission-denied', 'the camera is off', { stage: 'capture' });
  const blob = (await photoOf(track)) ?? (await frameOf(video));
  return toMediaRef(blob, `photo-${new Date().toISOString().replace(/[:.]/g, '-')}.jpg`, 'camera');
}

/** @returns null where the browser or the driver cannot. */
async function photoOf(track: MediaStreamTrack): Promise<Blob | null> {
  const Capture = (globalThis as { ImageCapture?: ImageCaptureConstructor }).ImageCapture;
  if (Capture === undefined) return null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const timeout = new Promise<null>((resolve) => {
      timer = setTimeout(() => resolve(null), STILL_TIMEOUT_MS);
    });
    const blob = await Promise.race([new Capture(track).takePhoto(), timeout]);
    return blob !== null && blob.size > 0 ? blob : null;
  } catch {
    return null; // Some drivers advertise takePhoto and reject it; the frame on screen is still there.
  } finally {
    clearTimeout(timer);
  }
}

async function frameOf(video: HTMLVideoElement): Promise<Blob> {
  const { videoWidth, videoHeight } = video;
  if (videoWidth === 0 || videoHeight === 0) throw new AppError('busy', 'the camera has no picture yet', { stage: 'capture' });
  const canvas = document.createElement('canvas');
  canvas.width = videoWidth;
  canvas.height = videoHeight;
  try {
    const context = canvas.getContext('2d');
    if (context === null) throw new AppError('out-of-memory', 'no canvas for the still', { stage: 'capture' });
    context.drawImage(video, 0, 0);
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', STILL_QUALITY01));
    if (blob === null) throw new AppError('out-of-memory', 'the still cannot be encoded', { stage: 'capture' });
    return blob;
  } finally {
    canvas.width = 0; // Safari keeps the pixels of a dropped canvas for long.
    canvas.height = 0;
  }
}

function watchFrames(video: HTMLVideoElement, onFrame: (bitmap: ImageBitmap) => Promise<void>, maxSidePx: number): () => void {
  const state = { isStopped: false };
  let handle = 0;
  const hasVideoCallback = 'requestVideoFrameCallback' in video;
  const next = (): void => {
    if (state.isStopped) return;
    handle = hasVideoCallback ? video.requestVideoFrameCallback(() => void step()) : requestAnimationFrame(() => void step());
  };
  const step = async (): Promise<void> => {
    try {
      const { videoWidth, videoHeight } = video;
      const scale = Math.min(1, maxSidePx / Math.max(videoWidth, videoHeight, 1));
      if (videoWidth > 0 && !document.hidden) {
        const bitmap = await createImageBitmap(video, {
          resizeWidth: Math.max(1, Math.round(videoWidth * scale)),
          resizeHeight: Math.max(1, Math.round(videoHeight * scale)),
          resizeQuality: 'medium',
        });
        // Stopped meanwhile: the bitmap is nobody's.
        if (state.isStopped) bitmap.close();
        else await onFrame(bitmap);
      }
    } catch {
      // A frame between two states of the camera, or one that its consumer failed on: the next one comes.
    }
    next();
  };
  next();
  return () => {
    state.isStopped = true;
    if (hasVideoCallback) video.cancelVideoFrameCallback(handle);
    else cancelAnimationFrame(handle);
  };
}
