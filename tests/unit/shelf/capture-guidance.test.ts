import { describe, expect, it } from 'vitest';
import { captureAdvice } from '../../../src/core/shelf/capture-guidance.ts';
import { deviceTilt } from '../../../src/core/shelf/device-tilt.ts';
import { measureFrame, motionBetween, type GreyFrame } from '../../../src/core/shelf/frame-measures.ts';

const WIDTH = 320;
const HEIGHT = 240;

/** Draw grey by place; `at` gets pixels from the top left. */
function drawn(at: (x: number, y: number) => number): GreyFrame {
  const data = new Uint8Array(WIDTH * HEIGHT);
  for (let y = 0; y < HEIGHT; y++) for (let x = 0; x < WIDTH; x++) data[y * WIDTH + x] = Math.min(255, Math.max(0, Math.round(at(x, y))));
  return { widthPx: WIDTH, heightPx: HEIGHT, data };
}

/** A shelf: boards every 60 px that lean by `slope`, more so further down by `growth`; products `pitch` px wide between. */
function shelf({ slope = 0, growth = 0, pitch = 32, light = 1 } = {}): GreyFrame {
  return drawn((x, y) => {
    const lean = slope + growth * (y / HEIGHT - 0.5);
    const along = y - lean * (x - WIDTH / 2);
    const inRow = ((along % 60) + 60) % 60;
    const column = Math.floor(x / pitch);
    // Nobody puts the same grey beside itself.
    const product = 70 + ((column * 53) % 110);
    const edge = x % pitch < 2 ? 20 : product;
    return light * (inRow < 10 ? 225 : edge);
  });
}

function blurred(frame: GreyFrame, radius: number): GreyFrame {
  return drawn((x, y) => {
    let sum = 0;
    let count = 0;
    for (let dy = -radius; dy <= radius; dy++)
      for (let dx = -radius; dx <= radius; dx++) {
        const [px, py] = [x + dx, y + dy];
        if (px < 0 || py < 0 || px >= WIDTH || py >= HEIGHT) continue;
        sum += frame.data[py * WIDTH + px]!;
        count += 1;
      }
    return sum / count;
  });
}

const advise = (frame: GreyFrame, motion01: number | null = 0) => captureAdvice({ frame: measureFrame(frame), motion01, tilt: null });

describe('what a live picture tells', () => {
  it('finds nothing to say against a level, sharp, well lit shelf', () => {
    expect(advise(shelf())).toEqual([]);
  });

  it.each([0.12, -0.12])('measures the turn of the boards (slope %f) and says which way to turn the phone', (slope) => {
    const { rollDeg } = measureFrame(shelf({ slope }));
    expect(rollDeg).toBeCloseTo((Math.atan(slope) * 180) / Math.PI, 0);
    // Boards that run down to the right: the phone is turned anticlockwise.
    expect(advise(shelf({ slope }))).toContain(slope > 0 ? 'turn-right' : 'turn-left');
  });

  it('tells a camera that does not stand square by boards that converge, not by a turn', () => {
    const { rollDeg, keystoneDeg } = measureFrame(shelf({ growth: 0.3 }));
    expect(Math.abs(rollDeg!)).toBeLessThan(3);
    expect(keystoneDeg!).toBeGreaterThan(7);
    expect(advise(shelf({ growth: 0.3 }))).toContain('stand-square');
  });

  it('tells dark, glare and blur apart', () => {
    expect(advise(shelf({ light: 0.15 }))[0]).toBe('more-light');
    const glared = shelf();
    for (let y = 90; y < 150; y++) for (let x = 100; x < 190; x++) glared.data[y * WIDTH + x] = 255;
    expect(advise(glared)).toContain('less-glare');
    // Lamps at the upper edge are no glare on goods.
    const lamps = shelf();
    for (let y = 0; y < 24; y++) for (let x = 0; x < WIDTH; x++) lamps.data[y * WIDTH + x] = 255;
    expect(advise(lamps)).not.toContain('less-glare');
    expect(measureFrame(blurred(shelf(), 4)).blur01!).toBeGreaterThan(measureFrame(shelf()).blur01! + 0.15);
    expect(advise(blurred(shelf(), 5))).toContain('out-of-focus');
  });

  it('says nothing of blur or turn where there is nothing to see', () => {
    const wall = measureFrame(drawn(() => 128));
    expect(wall).toMatchObject({ blur01: null, rollDeg: null, keystoneDeg: null, pitch01: null, glare01: 0 });
  });

  it('measures how wide a facing is in the picture, and asks to go nearer or back', () => {
    const even = (pitch: number) => drawn((x) => (x % pitch < 3 ? 20 : 170));
    expect(measureFrame(even(32)).pitch01! * WIDTH).toBeCloseTo(32, 0);
    expect(advise(even(5))).toContain('go-nearer');
    expect(advise(even(110))).toContain('go-back');
  });

  it('asks to hold still before it complains of the blur that moving makes', () => {
    expect(motionBetween(shelf(), shelf())).toBe(0);
    expect(motionBetween(shelf(), shelf({ pitch: 29 }))).toBeGreaterThan(0.05);
    const advice = advise(blurred(shelf(), 5), 0.2);
    expect(advice).toContain('hold-still');
    expect(advice).not.toContain('out-of-focus');
  });
});

describe('how a phone is held', () => {
  it('is level when upright, whichever way its content is turned', () => {
    expect(deviceTilt(90, 0, 0).rollDeg).toBeCloseTo(0);
    expect(deviceTilt(90, 0, 0).pitchDeg).toBeCloseTo(0);
    // Landscape: the phone lies on its left side, its content turned back by 90 degrees.
    expect(deviceTilt(0, -90, 90).rollDeg).toBeCloseTo(0);
    expect(deviceTilt(0, 90, 270).rollDeg).toBeCloseTo(0);
  });

  it('looks down when tipped forward and straight down when it lies on its back', () => {
    expect(deviceTilt(60, 0, 0).pitchDeg).toBeCloseTo(-30);
    expect(deviceTilt(0, 0, 0).pitchDeg).toBeCloseTo(-90);
    expect(deviceTilt(120, 0, 0).pitchDeg).toBeCloseTo(30);
  });

  it('wins over the boards while it is held upright, and only then', () => {
    const frame = measureFrame(shelf({ slope: 0.2 }));
    expect(captureAdvice({ frame, motion01: 0, tilt: { rollDeg: 0, pitchDeg: 0 } })).toEqual([]);
    expect(captureAdvice({ frame, motion01: 0, tilt: { rollDeg: 12, pitchDeg: 30 } })).toEqual(['turn-left', 'look-straight']);
    expect(captureAdvice({ frame, motion01: 0, tilt: { rollDeg: 0, pitchDeg: -80 } })).toContain('turn-right');
  });
});
