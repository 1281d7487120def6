/**
 * @file A small renderer: z-buffer, perspective-correct textures, soft shadow, a studio to reflect. Linear light in and out.
 * Written without objects in its inner loops: a photo has ten million samples.
 */
import type { Material, Mesh, Texture, Vector } from './solids.ts';
import { cross, unit } from './solids.ts';

export interface Camera {
  readonly eye: Vector;
  readonly target: Vector;
  readonly fovDeg: number;
  readonly rollDeg?: number;
}

export interface Lighting {
  /** Towards the lamp. */
  readonly direction: Vector;
  readonly colour: Vector;
  readonly ambient: Vector;
  /** Radius of the shadow's edge in mm per 100 mm of height. */
  readonly softness: number;
}

/** Linear RGB, and how much of each pixel is not background. */
export interface Rendered {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly rgb: Float32Array;
  readonly coverage: Float32Array;
}

const SAMPLES = 2;
const SHADOW_PX = 1024;
const LOOKS = 9;
const TO_LINEAR = Float32Array.from({ length: 256 }, (_, i) => (i <= 10 ? i / 255 / 12.92 : ((i / 255 + 0.055) / 1.055) ** 2.4));
/** Places on a unit disc, spread evenly (golden angle). */
const DISC_X = Float32Array.from({ length: LOOKS }, (_, i) => Math.cos(i * 2.399963) * Math.sqrt((i + 0.5) / LOOKS));
const DISC_Y = Float32Array.from({ length: LOOKS }, (_, i) => Math.sin(i * 2.399963) * Math.sqrt((i + 0.5) / LOOKS));

const dot = (a: Vector, b: Vector): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const minus = (a: Vector, b: Vector): Vector => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];

/** All meshes in one set of arrays. */
interface Soup {
  readonly positions: Float32Array;
  readonly normals: Float32Array;
  readonly uvs: Float32Array;
  readonly triangles: Uint32Array;
  /** Mesh of each triangle. */
  readonly owner: Uint16Array;
  readonly materials: readonly Material[];
  /** Triangles from here on belong to objects. */
  readonly firstObjectTriangle: number;
}

interface Shadow {
  readonly right: Vector;
  readonly up: Vector;
  readonly towards: Vector;
  readonly depth: Float32Array;
  readonly centreX: number;
  readonly centreY: number;
  readonly pxPerMm: number;
}

/**
 * @param objects cast shadows and count as coverage.
 * @param scenery receives shadows only.
 */
export function render(
  objects: readonly Mesh[],
  scenery: readonly Mesh[],
  camera: Camera,
  lighting: Lighting,
  widthPx: number,
  heightPx: number,
): Rendered {
  const soup = join(scenery, objects);
  const width = widthPx * SAMPLES;
  const height = heightPx * SAMPLES;
  const screen = project(soup, camera, width, height);
  const seen = findVisible(soup, screen, width, height);
  const shade = createShader(soup, screen, camera, lighting, castShadow(objects, lighting));
  const rgb = new Float32Array(widthPx * heightPx * 3);
  const coverage = new Float32Array(widthPx * heightPx);
  const out = new Float32Array(3);
  for (let y = 0; y < heightPx; y++)
    for (let x = 0; x < widthPx; x++) {
      const to = y * widthPx + x;
      let red = 0;
      let green = 0;
      let blue = 0;
      let share = 0;
      let isOneScenery = true;
      for (let s = 0; s < 4; s++) {
        const triangle = seen[(y * 2 + (s >> 1)) * width + x * 2 + (s & 1)]!;
        if (triangle >= soup.firstObjectTriangle) {
          isOneScenery = false;
          share += 0.25;
        }
      }
      const samples = isOneScenery ? 1 : 4;
      for (let s = 0; s < samples; s++) {
        const px = x * 2 + (s & 1);
        const py = y * 2 + (s >> 1);
        const triangle = seen[py * width + px]!;
        if (triangle < 0) continue;
        shade(triangle, px + 0.5, py + 0.5, out);
        red += Math.min(1.6, out[0]!);
        green += Math.min(1.6, out[1]!);
        blue += Math.min(1.6, out[2]!);
      }
      rgb[to * 3] = red / samples;
      rgb[to * 3 + 1] = green / samples;
      rgb[to * 3 + 2] = blue / samples;
      coverage[to] = share;
    }
  return { widthPx, heightPx, rgb, coverage };
}

function join(scenery: readonly Mesh[], objects: readonly Mesh[]): Soup {
  const meshes = [...scenery, ...objects];
  const total = (length: (mesh: Mesh) => number): number => meshes.reduce((sum, mesh) => sum + length(mesh), 0);
  const positions = new Float32Array(total((mesh) => mesh.positions.length));
  const normals = new Float32Array(positions.length);
  const uvs = new Float32Array(total((mesh) => mesh.uvs.length));
  const triangles = new Uint32Array(total((mesh) => mesh.triangles.length));
  const owner = new Uint16Array(triangles.length / 3);
  let vertex = 0;
  let corner = 0;
  let firstObjectTriangle = 0;
  meshes.forEach((mesh, index) => {
    if (index === scenery.length) firstObjectTriangle = corner / 3;
    positions.set(mesh.positions, vertex * 3);
    normals.set(mesh.normals, vertex * 3);
    uvs.set(mesh.uvs, vertex * 2);
    for (const id of mesh.triangles) {
      owner[Math.floor(corner / 3)] = index;
      triangles[corner++] = id + vertex;
    }
    vertex += mesh.positions.length / 3;
  });
  return { positions, normals, uvs, triangles, owner, materials: meshes.map(({ material }) => material), firstObjectTriangle };
}

/** Pixel x, pixel y and distance along the view of every vertex. */
function project({ positions }: Soup, camera: Camera, width: number, height: number): Float32Array {
  const forward = unit(minus(camera.target, camera.eye));
  const flatRight = unit(cross(forward, [0, 1, 0]));
  const flatUp = cross(flatRight, forward);
  const roll = ((camera.rollDeg ?? 0) * Math.PI) / 180;
  const mix = (a: Vector, b: Vector, s: number, t: number): Vector => [a[0] * s + b[0] * t, a[1] * s + b[1] * t, a[2] * s + b[2] * t];
  const right = mix(flatRight, flatUp, Math.cos(roll), Math.sin(roll));
  const up = mix(flatUp, flatRight, Math.cos(roll), -Math.sin(roll));
  const focal = height / 2 / Math.tan((camera.fovDeg * Math.PI) / 360);
  const screen = new Float32Array(positions.length);
  for (let i = 0; i < positions.length; i += 3) {
    const p = minus([positions[i]!, positions[i + 1]!, positions[i + 2]!], camera.eye);
    const z = dot(p, forward);
    screen[i] = width / 2 + (dot(p, right) / z) * focal;
    screen[i + 1] = height / 2 - (dot(p, up) / z) * focal;
    screen[i + 2] = z;
  }
  return screen;
}

/** Nearest triangle of every sample; -1 for none. */
function findVisible({ triangles }: Soup, screen: Float32Array, width: number, height: number): Int32Array {
  const nearest = new Float32Array(width * height);
  const seen = new Int32Array(width * height).fill(-1);
  for (let t = 0; t < triangles.length; t += 3) {
    const a = triangles[t]! * 3;
    const b = triangles[t + 1]! * 3;
    const c = triangles[t + 2]! * 3;
    const za = screen[a + 2]!;
    const zb = screen[b + 2]!;
    const zc = screen[c + 2]!;
    if (za < 5 || zb < 5 || zc < 5) continue;
    const ax = screen[a]!;
    const ay = screen[a + 1]!;
    const bx = screen[b]!;
    const by = screen[b + 1]!;
    const cx = screen[c]!;
    const cy = screen[c + 1]!;
    const area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
    if (Math.abs(area) < 1e-6) continue;
    const fromX = Math.max(0, Math.floor(Math.min(ax, bx, cx)));
    const toX = Math.min(width - 1, Math.ceil(Math.max(ax, bx, cx)));
    const fromY = Math.max(0, Math.floor(Math.min(ay, by, cy)));
    const toY = Math.min(height - 1, Math.ceil(Math.max(ay, by, cy)));
    const id = t / 3;
    for (let y = fromY; y <= toY; y++)
      for (let x = fromX; x <= toX; x++) {
        const px = x + 0.5;
        const py = y + 0.5;
        const wa = ((bx - px) * (cy - py) - (by - py) * (cx - px)) / area;
        if (wa < 0) continue;
        const wb = ((cx - px) * (ay - py) - (cy - py) * (ax - px)) / area;
        if (wb < 0) continue;
        const wc = 1 - wa - wb;
        if (wc < 0) continue;
        const inverse = wa / za + wb / zb + wc / zc;
        const at = y * width + x;
        if (inverse > nearest[at]!) {
          nearest[at] = inverse;
          seen[at] = id;
        }
      }
  }
  return seen;
}

type Shader = (triangle: number, px: number, py: number, out: Float32Array) => void;

function createShader(soup: Soup, screen: Float32Array, camera: Camera, lighting: Lighting, shadow: Shadow): Shader {
  const { positions, normals, uvs, triangles, owner, materials } = soup;
  const [lx, ly, lz] = unit(lighting.direction);
  const [eyeX, eyeY, eyeZ] = camera.eye;
  const [ambientR, ambientG, ambientB] = lighting.ambient;
  const [lampR, lampG, lampB] = lighting.colour;
  let state = 12345;
  const texel = new Float32Array(3);
  return (triangle, px, py, out) => {
    const ia = triangles[triangle * 3]!;
    const ib = triangles[triangle * 3 + 1]!;
    const ic = triangles[triangle * 3 + 2]!;
    const ax = screen[ia * 3]!;
    const ay = screen[ia * 3 + 1]!;
    const bx = screen[ib * 3]!;
    const by = screen[ib * 3 + 1]!;
    const cx = screen[ic * 3]!;
    const cy = screen[ic * 3 + 1]!;
    const area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
    // Perspective-correct weights.
    let wa = ((bx - px) * (cy - py) - (by - py) * (cx - px)) / area;
    let wb = ((cx - px) * (ay - py) - (cy - py) * (ax - px)) / area;
    let wc = (1 - wa - wb) / screen[ic * 3 + 2]!;
    wa /= screen[ia * 3 + 2]!;
    wb /= screen[ib * 3 + 2]!;
    const z = 1 / (wa + wb + wc);
    wa *= z;
    wb *= z;
    wc *= z;
    const x = positions[ia * 3]! * wa + positions[ib * 3]! * wb + positions[ic * 3]! * wc;
    const y = positions[ia * 3 + 1]! * wa + positions[ib * 3 + 1]! * wb + positions[ic * 3 + 1]! * wc;
    const w = positions[ia * 3 + 2]! * wa + positions[ib * 3 + 2]! * wb + positions[ic * 3 + 2]! * wc;
    let nx = normals[ia * 3]! * wa + normals[ib * 3]! * wb + normals[ic * 3]! * wc;
    let ny = normals[ia * 3 + 1]! * wa + normals[ib * 3 + 1]! * wb + normals[ic * 3 + 1]! * wc;
    let nz = normals[ia * 3 + 2]! * wa + normals[ib * 3 + 2]! * wb + normals[ic * 3 + 2]! * wc;
    let vx = eyeX - x;
    let vy = eyeY - y;
    let vz = eyeZ - w;
    const distance = 1 / Math.sqrt(vx * vx + vy * vy + vz * vz);
    vx *= distance;
    vy *= distance;
    vz *= distance;
    let scale = 1 / Math.sqrt(nx * nx + ny * ny + nz * nz);
    // Closed packs hide their inside; an open seal shows it.
    if (nx * vx + ny * vy + nz * vz < 0) scale = -scale;
    nx *= scale;
    ny *= scale;
    nz *= scale;
    const material = materials[owner[triangle]!]!;
    const { gloss, polish, texture, surface } = material;
    if (surface !== undefined) texel.set(surface(x, w));
    else if (texture === null) texel.set(material.colour);
    else {
      const u = uvs[ia * 2]! * wa + uvs[ib * 2]! * wb + uvs[ic * 2]! * wc;
      const v = uvs[ia * 2 + 1]! * wa + uvs[ib * 2 + 1]! * wb + uvs[ic * 2 + 1]! * wc;
      const uvArea =
        (uvs[ib * 2]! - uvs[ia * 2]!) * (uvs[ic * 2 + 1]! - uvs[ia * 2 + 1]!) -
        (uvs[ib * 2 + 1]! - uvs[ia * 2 + 1]!) * (uvs[ic * 2]! - uvs[ia * 2]!);
      sample(texture, u, v, Math.abs(uvArea / area), texel);
    }
    const facingLamp = nx * lx + ny * ly + nz * lz;
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    const lit =
      facingLamp <= 0
        ? 0
        : facingLamp * visibility(shadow, x + nx * 1.2, y + ny * 1.2, w + nz * 1.2, lighting.softness, (state >>> 8) / 16777216);
    const facing = Math.max(0, nx * vx + ny * vy + nz * vz);
    // Schlick's approximation of Fresnel.
    const reflect = gloss === 0 ? 0 : gloss + (1 - gloss) * (1 - facing) ** 5 * (0.25 + 0.75 * polish);
    const room = reflect === 0 ? 0 : studio(2 * facing * nx - vx, 2 * facing * ny - vy, 2 * facing * nz - vz, polish);
    const sky = 0.62 + 0.38 * ny;
    const glow = (material.glow ?? 0) * (0.35 + 0.65 * facing);
    const body = 1 - reflect * 0.7;
    const shine = reflect * room * 0.5;
    out[0] = texel[0]! * (ambientR * sky + lampR * lit + glow) * body + shine * (ambientR + lampR);
    out[1] = texel[1]! * (ambientG * sky + lampG * lit + glow) * body + shine * (ambientG + lampG);
    out[2] = texel[2]! * (ambientB * sky + lampB * lit + glow) * body + shine * (ambientB + lampB);
  };
}

/** Brightness of the room in a direction: two windows, a ceiling, a dark floor. */
function studio(x: number, y: number, z: number, polish: number): number {
  const edge = (0.03 + (1 - polish) * 0.5) * 0.25;
  const front = soft(-z - 0.2, edge);
  const left = soft(Math.abs(x + 0.62) - 0.13, edge) * soft(Math.abs(y - 0.42) - 0.34, edge);
  const right = soft(Math.abs(x - 0.7) - 0.08, edge) * soft(Math.abs(y - 0.3) - 0.4, edge);
  return 0.12 + 0.32 * Math.max(0, y) + front * (2.6 * left + 1.5 * right);
}

function soft(distance: number, edge: number): number {
  return 1 / (1 + Math.exp(distance / edge));
}

/** Bilinear, at the level that fits. @param uvPerPx area of texture that a sample covers, 0..1 of the whole. */
function sample(texture: Texture, u: number, v: number, uvPerPx: number, out: Float32Array): void {
  const first = texture.levels[0]!;
  const ratio = uvPerPx * first.width * first.height;
  const level = ratio <= 1 ? 0 : Math.min(texture.levels.length - 1, Math.floor(0.5 * Math.log2(ratio)));
  const { width, height, data } = texture.levels[level]!;
  const x = Math.min(width - 1, Math.max(0, u * width - 0.5));
  const y = Math.min(height - 1, Math.max(0, v * height - 0.5));
  const x0 = Math.floor(x);
  const y0 = Math.floor(y);
  const fx = x - x0;
  const fy = y - y0;
  const a = (y0 * width + x0) * 3;
  const b = x0 + 1 < width ? a + 3 : a;
  const c = y0 + 1 < height ? a + width * 3 : a;
  const d = c + (b - a);
  for (let k = 0; k < 3; k++)
    out[k] =
      (TO_LINEAR[data[a + k]!]! * (1 - fx) + TO_LINEAR[data[b + k]!]! * fx) * (1 - fy) +
      (TO_LINEAR[data[c + k]!]! * (1 - fx) + TO_LINEAR[data[d + k]!]! * fx) * fy;
}

/** Depth of the objects as the lamp sees them. */
function castShadow(objects: readonly Mesh[], lighting: Lighting): Shadow {
  const towards = unit(lighting.direction);
  const right = unit(cross([0, 1, 0.01], towards));
  const up = cross(towards, right);
  let [minX, maxX, minY, maxY] = [Infinity, -Infinity, Infinity, -Infinity];
  const seen = objects.map(({ positions }) => {
    const out = new Float32Array(positions.length);
    for (let i = 0; i < positions.length; i += 3) {
      const p: Vector = [positions[i]!, positions[i + 1]!, positions[i + 2]!];
      out[i] = dot(p, right);
      out[i + 1] = dot(p, up);
      out[i + 2] = dot(p, towards);
      minX = Math.min(minX, out[i]!);
      maxX = Math.max(maxX, out[i]!);
      minY = Math.min(minY, out[i + 1]!);
      maxY = Math.max(maxY, out[i + 1]!);
    }
    return out;
  });
  const pxPerMm = SHADOW_PX / (1.06 * Math.max(maxX - minX, maxY - minY, 1));
  const centreX = (minX + maxX) / 2;
  const centreY = (minY + maxY) / 2;
  const depth = new Float32Array(SHADOW_PX * SHADOW_PX).fill(-Infinity);
  objects.forEach(({ triangles }, index) => {
    const points = seen[index]!;
    for (let t = 0; t < triangles.length; t += 3) {
      const a = triangles[t]! * 3;
      const b = triangles[t + 1]! * 3;
      const c = triangles[t + 2]! * 3;
      const ax = (points[a]! - centreX) * pxPerMm + SHADOW_PX / 2;
      const ay = (points[a + 1]! - centreY) * pxPerMm + SHADOW_PX / 2;
      const bx = (points[b]! - centreX) * pxPerMm + SHADOW_PX / 2;
      const by = (points[b + 1]! - centreY) * pxPerMm + SHADOW_PX / 2;
      const cx = (points[c]! - centreX) * pxPerMm + SHADOW_PX / 2;
      const cy = (points[c + 1]! - centreY) * pxPerMm + SHADOW_PX / 2;
      const area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
      if (Math.abs(area) < 1e-9) continue;
      const toY = Math.min(SHADOW_PX - 1, Math.max(ay, by, cy));
      const toX = Math.min(SHADOW_PX - 1, Math.max(ax, bx, cx));
      for (let y = Math.max(0, Math.floor(Math.min(ay, by, cy))); y <= toY; y++)
        for (let x = Math.max(0, Math.floor(Math.min(ax, bx, cx))); x <= toX; x++) {
          const wa = ((bx - x) * (cy - y) - (by - y) * (cx - x)) / area;
          const wb = ((cx - x) * (ay - y) - (cy - y) * (ax - x)) / area;
          const wc = 1 - wa - wb;
          if (wa < -0.01 || wb < -0.01 || wc < -0.01) continue;
          const z = points[a + 2]! * wa + points[b + 2]! * wb + points[c + 2]! * wc;
          const at = y * SHADOW_PX + x;
          if (z > depth[at]!) depth[at] = z;
        }
    }
  });
  return { right, up, towards, depth, centreX, centreY, pxPerMm };
}

/** Share of the lamp that a point sees: looks around it, wider the further above the blocker is. @param chance 0..1, turns the looks. */
function visibility(shadow: Shadow, x: number, y: number, z: number, softness: number, chance: number): number {
  const { right, up, towards, depth, pxPerMm } = shadow;
  const sx = (right[0] * x + right[1] * y + right[2] * z - shadow.centreX) * pxPerMm + SHADOW_PX / 2;
  const sy = (up[0] * x + up[1] * y + up[2] * z - shadow.centreY) * pxPerMm + SHADOW_PX / 2;
  const wide = softness * pxPerMm * 0.8;
  if (sx < -wide || sy < -wide || sx > SHADOW_PX + wide || sy > SHADOW_PX + wide) return 1;
  const own = towards[0] * x + towards[1] * y + towards[2] * z;
  const turnX = Math.cos(chance * 2 * Math.PI);
  const turnY = Math.sin(chance * 2 * Math.PI);
  let gap = 0;
  let blockers = 0;
  for (let i = 0; i < LOOKS; i++) {
    const px = Math.round(sx + (DISC_X[i]! * turnX - DISC_Y[i]! * turnY) * wide);
    const py = Math.round(sy + (DISC_X[i]! * turnY + DISC_Y[i]! * turnX) * wide);
    if (px < 0 || py < 0 || px >= SHADOW_PX || py >= SHADOW_PX) continue;
    const found = depth[py * SHADOW_PX + px]!;
    if (found > own + 1) {
      gap += found - own;
      blockers++;
    }
  }
  if (blockers === 0) return 1;
  const radius = Math.min(wide * 2, Math.max(1.5, (gap / blockers / 100) * softness * pxPerMm));
  let seen = 0;
  for (let i = 0; i < LOOKS; i++) {
    const px = Math.round(sx + (DISC_X[i]! * turnX - DISC_Y[i]! * turnY) * radius);
    const py = Math.round(sy + (DISC_X[i]! * turnY + DISC_Y[i]! * turnX) * radius);
    if (px < 0 || py < 0 || px >= SHADOW_PX || py >= SHADOW_PX || depth[py * SHADOW_PX + px]! <= own + 1) seen++;
  }
  return seen / LOOKS;
}
