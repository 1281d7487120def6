/** @file A scene to a photo. */
import { finishPhoto } from './photo-finish.ts';
import { buildPack, toTexture } from './pack-model.ts';
import { render } from './rasteriser.ts';
import type { Painter } from './render-art.ts';
import { productOf, type Scene } from './scenes.ts';
import { tagArt, type Board, type Tag } from './shelf-bay.ts';
import { box, ground, place, wall, type Material, type Mesh } from './solids.ts';
import { tableColour } from './tables.ts';

/** Packs already built, by product and scale. */
export type PackCache = Map<string, Promise<Mesh[]>>;

/** @returns JPEG. */
export async function photograph(scene: Scene, painter: Painter, cache: PackCache): Promise<Buffer> {
  const objects: Mesh[] = [];
  for (const { productId, isLying = false, ...placement } of scene.packs) {
    const product = productOf(productId);
    const key = `${productId}@${scene.artScale}`;
    let built = cache.get(key);
    if (built === undefined) {
      built = buildPack(product, painter, scene.artScale);
      cache.set(key, built);
    }
    for (const mesh of await built) objects.push(isLying ? lay(mesh, product.pack, placement) : place(mesh, placement));
  }
  for (const board of scene.boards ?? []) objects.push(...boardMeshes(board));
  for (const tag of scene.tags ?? []) objects.push(...(await tagMeshes(tag, painter)));
  const table: Material = {
    texture: null,
    colour: [1, 1, 1],
    gloss: scene.table === 'linen' ? 0 : 0.02,
    polish: 0.35,
    surface: tableColour(scene.table),
  };
  const scenery = [ground(table)];
  if (scene.wallMm !== null) scenery.push(wall(-scene.wallMm, { texture: null, colour: scene.wallColour, gloss: 0, polish: 0 }));
  const { camera, lighting, widthPx, heightPx } = scene;
  return finishPhoto(render(objects, scenery, camera, lighting, widthPx, heightPx), scene.finish);
}

const PAINTED: Material = { texture: null, colour: [0.66, 0.66, 0.64], gloss: 0.03, polish: 0.4 };

function boardMeshes({ at: [x, y, z], widthMm, depthMm, thickMm }: Board): Mesh[] {
  const faces = { front: PAINTED, back: PAINTED, side: PAINTED, top: PAINTED };
  return box(widthMm, thickMm, depthMm, faces).map((mesh) => place(mesh, { at: [x, y - thickMm, z - depthMm / 2] }));
}

/** Paper on the edge of a board. */
async function tagMeshes(tag: Tag, painter: Painter): Promise<Mesh[]> {
  const art = tagArt(tag);
  const paper: Material = { texture: null, colour: [0.9, 0.89, 0.85], gloss: 0.02, polish: 0.3 };
  const front: Material = { ...paper, texture: await toTexture(await painter.paint(art, 1)), colour: [1, 1, 1] };
  const [widthMm, heightMm] = [art.widthPx / 4, art.heightPx / 4];
  const [x, y, z] = tag.at;
  return box(widthMm, heightMm, 1, { front, back: paper, side: paper, top: paper }).map((mesh) =>
    place(mesh, { at: [x, y - heightMm / 2, z] }),
  );
}

type Shape = ReturnType<typeof productOf>['pack'];

/** Lay a standing pack on its back, or with a tilt of 180 on its front; then turn it about the upright axis. */
function lay(
  mesh: Mesh,
  pack: Shape,
  { at, turnDeg = 0, tiltDeg = 0 }: { at: readonly [number, number, number]; turnDeg?: number; tiltDeg?: number },
): Mesh {
  const heightMm = pack.heightMm;
  const depthMm = pack.shape === 'box' || pack.shape === 'bag' ? pack.depthMm : pack.diameterMm;
  const centred = place(mesh, { at: [0, -heightMm / 2, 0], turnDeg: tiltDeg });
  // A tilt of 180 shows the back: the pack is turned about its own upright axis before it is laid down.
  const down = place(centred, { at: [0, 0, 0], tiltDeg: -90 });
  return place(down, { at: [at[0], at[1] + depthMm / 2, at[2]], turnDeg });
}
