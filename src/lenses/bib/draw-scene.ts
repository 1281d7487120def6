/** @file A photo of the demo race: road, trees, barriers, goal, runners. Thread: page. */
import type { DrawnScene } from './demo-scenes.ts';
import { context, drawRunner } from './draw-runner.ts';
import { withExif } from './exif-segment.ts';

const SIZE = { widthPx: 1920, heightPx: 1280 } as const;
const HORIZON = 0.4;
/** What is far away is drawn this much smaller: enlarged again it is out of focus, as behind a runner it would be. */
const FAR = 0.12;

/** @param startAtMs when the race began, as the cameras' clocks show it. @returns a JPEG with camera and time, as out of a camera. */
export async function drawScene(scene: DrawnScene, startAtMs: number): Promise<Blob> {
  const { widthPx, heightPx } = SIZE;
  const canvas = new OffscreenCanvas(widthPx, heightPx);
  const pen = context(canvas);
  pen.imageSmoothingQuality = 'high';
  pen.drawImage(farAway(scene), 0, 0, widthPx, heightPx);
  // Those in front stand before the others.
  for (const runner of scene.runners.toSorted((a, b) => a.footY - b.footY)) drawRunner(pen, runner, widthPx, heightPx);
  const jpeg = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.88 });
  const model = scene.camera === 'goal' ? 'Goal' : 'Course';
  const bytes = withExif(new Uint8Array(await jpeg.arrayBuffer()), 'Mekiki', model, startAtMs + scene.afterMs);
  return new Blob([bytes], { type: 'image/jpeg' });
}

function farAway({ seed, camera }: DrawnScene): OffscreenCanvas {
  const { widthPx, heightPx } = SIZE;
  const canvas = new OffscreenCanvas(widthPx * FAR, heightPx * FAR);
  const pen = context(canvas);
  pen.scale(FAR, FAR);
  const random = randomFrom(seed);
  const horizon = HORIZON * heightPx;
  fillDown(pen, 0, horizon, ['#9cc3e6', '#e4eef4']);
  for (let tree = 0; tree < 46; tree++) {
    const x = random() * widthPx;
    const size = 50 + random() * 110;
    pen.fillStyle = `hsl(${90 + random() * 45} ${28 + random() * 20}% ${22 + random() * 20}%)`;
    pen.beginPath();
    pen.ellipse(x, horizon - size * (0.3 + random() * 0.7), size * 0.8, size, 0, 0, Math.PI * 2);
    pen.fill();
  }
  fillDown(pen, horizon - 6, heightPx - horizon + 6, ['#8f9296', '#6c6f74']);
  pen.fillStyle = '#e9e7dd';
  pen.beginPath();
  pen.moveTo(widthPx * 0.49, horizon);
  pen.lineTo(widthPx * 0.51, horizon);
  pen.lineTo(widthPx * 0.57, heightPx);
  pen.lineTo(widthPx * 0.43, heightPx);
  pen.fill();
  // Barriers along the road, one long band on each side.
  for (const side of [-1, 1]) {
    const [near, far] = [widthPx * (0.5 + side * 0.56), widthPx * (0.5 + side * 0.07)];
    pen.fillStyle = side < 0 ? '#3d5a80' : '#4a6572';
    pen.beginPath();
    pen.moveTo(far, horizon - 14);
    pen.lineTo(near, heightPx * 0.6);
    pen.lineTo(near, heightPx * 0.76);
    pen.lineTo(far, horizon + 12);
    pen.fill();
  }
  if (camera === 'goal') drawGoal(pen);
  return canvas;
}

function drawGoal(pen: OffscreenCanvasRenderingContext2D): void {
  const { widthPx, heightPx } = SIZE;
  pen.fillStyle = '#20242c';
  pen.fillRect(widthPx * 0.14, heightPx * 0.05, 46, heightPx * 0.52);
  pen.fillRect(widthPx * 0.86 - 46, heightPx * 0.05, 46, heightPx * 0.52);
  pen.fillStyle = '#d2342c';
  pen.fillRect(widthPx * 0.12, heightPx * 0.03, widthPx * 0.76, heightPx * 0.13);
  pen.fillStyle = '#fff';
  pen.font = `800 ${heightPx * 0.09}px sans-serif`;
  pen.textAlign = 'center';
  pen.textBaseline = 'middle';
  pen.fillText('FINISH', widthPx / 2, heightPx * 0.098);
}

function fillDown(pen: OffscreenCanvasRenderingContext2D, top: number, height: number, [from, to]: readonly [string, string]): void {
  const down = pen.createLinearGradient(0, top, 0, top + height);
  down.addColorStop(0, from);
  down.addColorStop(1, to);
  pen.fillStyle = down;
  pen.fillRect(0, top, SIZE.widthPx, height);
}

/** The same numbers for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
