/** @file Boxes over a photo that is dragged about: the app's overlay, and one SVG element for each box as most annotators have it. */
import { mount, unmount } from 'svelte';
import BoxPhoto from '../../../src/ui/BoxPhoto.svelte';
import type { DrawnBox } from '../../../src/ui/box-drawing.ts';
import type { Contenders, MeasuredFrames } from '../contenders.ts';

const PHOTO = '/demo/photos/shelf-bay.jpg';
/** Of a phone. */
const VIEW = { width: 390, height: 600 };
const FRAMES = 120;
/** CSS pixels from one frame to the next, back and forth. */
const STEP_PX = 6;
const STYLES = {
  sure: { stroke: '#2f7d4f', fill: '', dash: [], isHatched: false, sign: '' },
  likely: { stroke: '#b06a00', fill: '', dash: [6, 4], isHatched: false, sign: '~' },
  gap: { stroke: '#a33', fill: '', dash: [], isHatched: true, sign: '' },
};
const SVG = 'http://www.w3.org/2000/svg';

export const overlayContenders: Pick<Contenders, 'dragOverlay' | 'dragOverlayPlainly'> = {
  async dragOverlay(count) {
    const boxes = boxesOf(count);
    return onView(async (view) => {
      const shown = mount(BoxPhoto, {
        target: view,
        props: { src: PHOTO, alt: '', boxes, styles: STYLES, selected: [], describe: () => '', onSelect: () => {} },
      });
      await loaded(view);
      const frame = view.querySelector<HTMLElement>('[role=group]')!;
      const middle = { x: VIEW.width / 2, y: VIEW.height / 2 };
      frame.dispatchEvent(new WheelEvent('wheel', { deltaY: -200, clientX: middle.x, clientY: middle.y, cancelable: true }));
      const point = (type: string, x: number): void => {
        const at = { pointerId: 1, pointerType: 'touch', clientX: x, clientY: middle.y, button: 0, bubbles: true };
        frame.dispatchEvent(new PointerEvent(type, at));
      };
      // A finger that the browser does not know cannot be captured.
      frame.setPointerCapture = () => {};
      point('pointerdown', middle.x);
      const measured = await frames((x) => point('pointermove', middle.x + x));
      point('pointerup', middle.x);
      await unmount(shown);
      return measured;
    });
  },
  async dragOverlayPlainly(count) {
    const boxes = boxesOf(count);
    return onView(async (view) => {
      const image = document.createElement('img');
      image.src = PHOTO;
      const svg = document.createElementNS(SVG, 'svg');
      svg.setAttribute('viewBox', '0 0 1 1');
      svg.setAttribute('preserveAspectRatio', 'none');
      for (const { box, style } of boxes) {
        const rect = document.createElementNS(SVG, 'rect');
        const { stroke, dash } = STYLES[style as keyof typeof STYLES];
        const attributes = {
          ...box,
          stroke,
          fill: 'none',
          'stroke-width': 2,
          'stroke-dasharray': dash.join(' '),
          'vector-effect': 'non-scaling-stroke',
        };
        for (const [name, value] of Object.entries(attributes)) rect.setAttribute(name, String(value));
        svg.append(rect);
      }
      view.append(image, svg);
      await loaded(view);
      const place = (x: number): void => {
        for (const part of [image, svg]) {
          const { style } = part;
          style.cssText = `position:absolute;left:0;top:0;width:${VIEW.width}px;height:${VIEW.height}px;transform:translate(${x}px,0) scale(1.5)`;
        }
      };
      return frames(place);
    });
  },
};

/** Boxes of three styles that cover the photo like goods on boards. */
function boxesOf(count: number): DrawnBox[] {
  const columns = Math.ceil(Math.sqrt(count * 1.5));
  const rows = Math.ceil(count / columns);
  return Array.from({ length: count }, (_, i) => ({
    id: String(i),
    box: { x: (i % columns) / columns, y: Math.floor(i / columns) / rows, width: 0.9 / columns, height: 0.9 / rows },
    style: (['sure', 'sure', 'likely', 'gap'] as const)[i % 4]!,
    label: `Product ${i}`,
  }));
}

async function onView<Result>(run: (view: HTMLElement) => Promise<Result>): Promise<Result> {
  const view = document.createElement('div');
  view.style.cssText = `position:fixed;left:0;top:0;width:${VIEW.width}px;height:${VIEW.height}px;overflow:hidden`;
  document.body.append(view);
  try {
    return await run(view);
  } finally {
    view.remove();
  }
}

async function loaded(view: HTMLElement): Promise<void> {
  await view.querySelector('img')!.decode();
  for (let i = 0; i < 5; i++) await nextFrame();
}

/** Moves by a step in each frame. */
async function frames(move: (x: number) => void): Promise<MeasuredFrames> {
  const intervalsMs: number[] = [];
  let before = await nextFrame();
  for (let i = 1; i <= FRAMES; i++) {
    const turn = FRAMES / 4;
    const along = i % (2 * turn);
    move(STEP_PX * (along < turn ? along : 2 * turn - along));
    const now = await nextFrame();
    intervalsMs.push(now - before);
    before = now;
  }
  const sorted = intervalsMs.sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)]!;
  return { medianMs: at(0.5), p95Ms: at(0.95), frames: sorted.length };
}

function nextFrame(): Promise<number> {
  return new Promise((resolve) => requestAnimationFrame(resolve));
}
