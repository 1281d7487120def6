import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { listCameras, openCamera } from '../../../src/capture/camera.ts';

class FakeTrack extends EventTarget {
  readyState = 'live';
  readonly applied: unknown[] = [];
  readonly capabilities: unknown;
  constructor(capabilities: unknown) {
    super();
    this.capabilities = capabilities;
  }
  getCapabilities(): unknown {
    return this.capabilities;
  }
  getSettings(): unknown {
    return { deviceId: 'rear' };
  }
  applyConstraints(constraints: { advanced: unknown[] }): Promise<void> {
    this.applied.push(...constraints.advanced);
    return Promise.resolve();
  }
  stop(): void {
    this.readyState = 'ended';
  }
}

let getUserMedia = vi.fn();
function stubCamera(capabilities: unknown = {}): FakeTrack {
  const track = new FakeTrack(capabilities);
  getUserMedia.mockResolvedValue({ getVideoTracks: () => [track], getTracks: () => [track] });
  return track;
}

beforeEach(() => {
  getUserMedia = vi.fn();
  vi.stubGlobal('navigator', {
    mediaDevices: {
      getUserMedia,
      getSupportedConstraints: () => ({ pointsOfInterest: true }),
      enumerateDevices: async () => [
        { kind: 'audioinput', deviceId: 'm', label: 'mic' },
        { kind: 'videoinput', deviceId: 'rear', label: 'Back camera' },
      ],
    },
  });
});
afterEach(() => vi.unstubAllGlobals());

describe('opening', () => {
  it('asks for the camera that looks away, or for the one that was chosen', async () => {
    stubCamera();
    await openCamera();
    await openCamera({ deviceId: 'x' });
    expect(getUserMedia.mock.calls[0]![0]).toMatchObject({ audio: false, video: { facingMode: { ideal: 'environment' } } });
    expect(getUserMedia.mock.calls[1]![0]).toMatchObject({ video: { deviceId: { exact: 'x' } } });
  });

  it.each([
    ['NotAllowedError', 'permission-denied'],
    ['SecurityError', 'permission-denied'],
    ['NotFoundError', 'invalid-input'],
    ['OverconstrainedError', 'invalid-input'],
    ['NotReadableError', 'busy'],
    ['AbortError', 'busy'],
    ['SomethingNew', 'bug'],
  ])('%s is %s', async (name, code) => {
    getUserMedia.mockRejectedValue(new DOMException('no', name));
    await expect(openCamera()).rejects.toMatchObject({ code });
  });

  it('says permission-denied where there is no secure context, and lists no camera', async () => {
    vi.stubGlobal('navigator', {});
    await expect(openCamera()).rejects.toMatchObject({ code: 'permission-denied' });
    expect(await listCameras()).toEqual([]);
  });

  it('lists cameras only', async () => {
    expect(await listCameras()).toEqual([{ deviceId: 'rear', label: 'Back camera' }]);
  });
});

describe('abilities', () => {
  it('offers what the camera has and clamps', async () => {
    const track = stubCamera({ torch: true, zoom: { min: 1, max: 5, step: 0.1 }, focusMode: ['continuous', 'single-shot'] });
    const camera = await openCamera();
    expect(camera.abilities).toEqual({ hasTorch: true, zoom: { min: 1, max: 5, step: 0.1 }, canFocusAt: true });
    await camera.setTorch(true);
    await camera.setZoom(9);
    await camera.focusAt({ x: 0.2, y: 0.7 });
    expect(track.applied).toEqual([{ torch: true }, { zoom: 5 }, { pointsOfInterest: [{ x: 0.2, y: 0.7 }], focusMode: 'single-shot' }]);
  });

  it('does nothing that the camera cannot', async () => {
    const track = stubCamera({});
    const camera = await openCamera();
    expect(camera.abilities).toEqual({ hasTorch: false, zoom: null, canFocusAt: false });
    await expect(camera.setTorch(true)).rejects.toMatchObject({ code: 'invalid-input' });
    await camera.setZoom(2);
    await camera.focusAt({ x: 0, y: 0 });
    expect(track.applied).toEqual([]);
  });
});

describe('stills', () => {
  const video = {} as HTMLVideoElement;

  it('takes the full-resolution photo where there is ImageCapture', async () => {
    stubCamera();
    const blob = new Blob(['jpeg'], { type: 'image/jpeg' });
    vi.stubGlobal(
      'ImageCapture',
      class {
        takePhoto = async () => blob;
      },
    );
    expect(await (await openCamera()).takeStill(video)).toMatchObject({ blob, source: 'camera' });
  });

  it.each([
    ['rejects', () => Promise.reject(new DOMException('no', 'UnknownError'))],
    ['gives nothing', async () => new Blob([])],
  ])('falls back to the frame on screen when takePhoto %s', async (_name, takePhoto) => {
    stubCamera();
    vi.stubGlobal(
      'ImageCapture',
      class {
        takePhoto = takePhoto;
      },
    );
    const drawn = new Blob(['frame'], { type: 'image/jpeg' });
    const canvas = {
      width: 0,
      height: 0,
      getContext: () => ({ drawImage: () => {} }),
      toBlob: (done: (blob: Blob) => void) => done(drawn),
    };
    vi.stubGlobal('document', { createElement: () => canvas });
    const still = await (await openCamera()).takeStill({ videoWidth: 1920, videoHeight: 1080 } as HTMLVideoElement);
    expect(still.blob).toBe(drawn);
    expect(canvas.width).toBe(0);
  });

  it('says busy before the first frame, and permission-denied when the camera is off', async () => {
    const track = stubCamera();
    const camera = await openCamera();
    await expect(camera.takeStill({ videoWidth: 0, videoHeight: 0 } as HTMLVideoElement)).rejects.toMatchObject({ code: 'busy' });
    camera.close();
    expect(track.readyState).toBe('ended');
    await expect(camera.takeStill(video)).rejects.toMatchObject({ code: 'permission-denied' });
  });

  it('tells when the camera went away by itself, not when it was closed', async () => {
    const track = stubCamera();
    const camera = await openCamera();
    const ended = vi.fn();
    camera.onEnded(ended);
    track.dispatchEvent(new Event('ended'));
    expect(ended).toHaveBeenCalledOnce();
    const second = stubCamera();
    const other = await openCamera();
    const heard = vi.fn();
    other.onEnded(heard);
    other.close();
    second.dispatchEvent(new Event('ended'));
    expect(heard).not.toHaveBeenCalled();
  });
});

describe('frames', () => {
  it('hands over one at a time, the newest, and stops', async () => {
    stubCamera();
    const camera = await openCamera();
    const callbacks: (() => void)[] = [];
    const video = {
      videoWidth: 1920,
      videoHeight: 1080,
      requestVideoFrameCallback: (callback: () => void) => callbacks.push(callback),
      cancelVideoFrameCallback: vi.fn(),
    } as unknown as HTMLVideoElement;
    vi.stubGlobal('document', { hidden: false });
    const bitmaps: { close: ReturnType<typeof vi.fn> }[] = [];
    const made = vi.fn((_video: unknown, options: unknown) => {
      const bitmap = { close: vi.fn(), options };
      bitmaps.push(bitmap);
      return Promise.resolve(bitmap);
    });
    vi.stubGlobal('createImageBitmap', made);
    const release: (() => void)[] = [];
    const onFrame = vi.fn(() => new Promise<void>((resolve) => release.push(resolve)));
    const stop = camera.watchFrames(video, onFrame, 640);
    expect(callbacks).toHaveLength(1);
    callbacks[0]!();
    await vi.waitUntil(() => onFrame.mock.calls.length === 1);
    expect(made.mock.calls[0]![1]).toMatchObject({ resizeWidth: 640, resizeHeight: 360 });
    // While the consumer works, no frame is asked for: they pass unseen.
    expect(callbacks).toHaveLength(1);
    release[0]!();
    await vi.waitUntil(() => callbacks.length === 2);
    stop();
    callbacks[1]!();
    await vi.waitUntil(() => bitmaps.length === 2);
    await vi.waitUntil(() => bitmaps[1]!.close.mock.calls.length === 1);
    expect(onFrame).toHaveBeenCalledOnce();
    expect(callbacks).toHaveLength(2);
  });
});
