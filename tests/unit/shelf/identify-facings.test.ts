/** @file Names on a shelf: neighbours help, unknowns are grouped, what was learnt or taken back is applied to looks at hand. */
import { expect, it } from 'vitest';
import type { Match } from '../../../src/contracts/results.ts';
import type { Facing, FacingIdentity, FacingLook } from '../../../src/contracts/shelf.ts';
import { chooseExamples } from '../../../src/core/shelf/choose-examples.ts';
import { groupUnknowns } from '../../../src/core/shelf/group-unknowns.ts';
import { identifyFacings } from '../../../src/core/shelf/identify-facings.ts';
import { lookVector } from '../../../src/core/shelf/look-vector.ts';
import { rematch } from '../../../src/core/shelf/rematch.ts';
import { normalised } from '../../../src/core/vector.ts';
import { productOf } from '../flow/fake-pipeline.ts';

const SPACE = 'product-embedding@3';
const PRODUCTS = new Map(['cola', 'tea'].map((id) => [id, productOf(id)]));

function facingAt(column: number, more: Partial<Facing> = {}): Facing {
  const box = { x: 0.05 + column * 0.1, y: 0.4, width: 0.09, height: 0.3 };
  return { id: `f${column}`, box, confidence01: 0.9, identity: null, isEdited: false, ...more };
}

/** A look near an axis, as far off it as `noise` says. */
function lookAt(facingId: string, axis: number, noise: number, cosines: Readonly<Record<string, number>>): FacingLook {
  const vector = new Float32Array(8);
  vector[axis] = 1;
  vector[7] = noise;
  const colour = new Float32Array(8);
  colour[axis] = 1;
  const matches = Object.entries(cosines)
    .map(([productId, cosine]): Match => ({ galleryId: `g-${productId}`, productId, cosine, colour: 0.8, computedOn: 'device' }))
    .sort((a, b) => b.cosine - a.cosine);
  const embedding = { space: SPACE, vector: normalised(vector), backend: 'cpu' } as const;
  return { facingId, look: { embedding, colour }, matches, verifications: [] };
}

it('is helped by like neighbours where its own look does not decide', () => {
  const facings = [0, 1, 2].map((column) => facingAt(column));
  const looks = [
    lookAt('f0', 0, 0, { cola: 0.97, tea: 0.4 }),
    lookAt('f1', 0, 0.1, { tea: 0.78, cola: 0.76 }),
    lookAt('f2', 0, 0, { cola: 0.97, tea: 0.4 }),
  ];
  const named = identifyFacings(facings, looks, PRODUCTS);
  expect(named.map(({ identity }) => identity?.productId)).toEqual(['cola', 'cola', 'cola']);
  expect(named[1]!.identity!.saidBy).toBe('neighbours');
  const alone = identifyFacings([facings[1]!], [looks[1]!], PRODUCTS);
  expect(alone[0]!.identity).toMatchObject({ productId: 'tea', saidBy: 'look' });
});

it('does not let a block overrule a facing that clearly is something else', () => {
  const facings = [0, 1, 2].map((column) => facingAt(column));
  const looks = [
    lookAt('f0', 0, 0, { cola: 0.97, tea: 0.3 }),
    lookAt('f1', 1, 0, { tea: 0.97, cola: 0.3 }),
    lookAt('f2', 0, 0, { cola: 0.97, tea: 0.3 }),
  ];
  const named = identifyFacings(facings, looks, PRODUCTS);
  expect(named.map(({ identity }) => identity?.productId)).toEqual(['cola', 'tea', 'cola']);
});

it('is told by words where two products look alike, and not by words that speak against a clear look', () => {
  const alike = lookAt('f0', 0, 0, { cola: 0.9, tea: 0.89 });
  const [plain] = identifyFacings([facingAt(0)], [alike], PRODUCTS);
  expect(plain!.identity).toMatchObject({ productId: 'cola', certainty: 'not-sure', saidBy: 'look' });
  const read = { ...alike, words: [{ productId: 'tea', named01: 0, shown01: 0.6 }] };
  const [told] = identifyFacings([facingAt(0)], [read], PRODUCTS);
  expect(told!.identity).toMatchObject({ productId: 'tea', saidBy: 'words' });
  expect(told!.identity!.probability01).toBeGreaterThan(0.85);
  const clear = { ...lookAt('f0', 0, 0, { cola: 0.97, tea: 0.2 }), words: [{ productId: 'tea', named01: 0, shown01: 0.6 }] };
  expect(identifyFacings([facingAt(0)], [clear], PRODUCTS)[0]!.identity).toMatchObject({ productId: 'cola', saidBy: 'look' });
});

it('says that a server knows it', () => {
  const look = lookAt('f0', 0, 0, { tea: 0.3 });
  const far: Match = { galleryId: 'far', productId: 'cola', cosine: 0.97, colour: null, computedOn: 'server' };
  const [named] = identifyFacings([facingAt(0)], [{ ...look, matches: [...look.matches, far] }], PRODUCTS);
  expect(named!.identity).toMatchObject({ productId: 'cola', certainty: 'likely', saidBy: 'server' });
  // Its group got the same answer: one answer, not six.
  const ids = [0, 1, 2, 3, 4, 5];
  const group = ids.map((column) => ({ ...look, facingId: `f${column}`, matches: [...look.matches, far] }));
  const all = identifyFacings(
    ids.map((column) => facingAt(column)),
    group,
    PRODUCTS,
  );
  expect(all.map(({ identity }) => [identity?.certainty, identity?.saidBy])).toEqual(ids.map(() => ['likely', 'server']));
});

it('keeps the word of the user, and what was not looked at', () => {
  const said: FacingIdentity = {
    ...{ productId: 'tea', probability01: 1, candidates: [], groupId: null },
    certainty: 'sure',
    saidBy: 'user',
  };
  const named = identifyFacings([facingAt(0, { identity: said }), facingAt(1)], [lookAt('f0', 0, 0, { cola: 0.99, tea: 0.1 })], PRODUCTS);
  expect(named[0]!.identity).toEqual(said);
  expect(named[1]!.identity).toBeNull();
});

it('groups unknowns by likeness, in whatever order they come, and keeps the group names', () => {
  const looks = [0, 1, 2, 3, 4].map((i) => lookAt(`f${i}`, i < 3 ? 0 : 1, i * 0.02, {}));
  const unknowns = looks.map(({ facingId, look }) => ({ facingId, vector: lookVector(look) }));
  const groups = groupUnknowns(unknowns);
  expect(Object.fromEntries(groups)).toEqual({ f0: 'group:f0', f1: 'group:f0', f2: 'group:f0', f3: 'group:f3', f4: 'group:f3' });
  expect(groupUnknowns([...unknowns].reverse())).toEqual(groups);
  // One of them is named: the others stay where they were.
  expect(groupUnknowns(unknowns.filter(({ facingId }) => facingId !== 'f2')).get('f1')).toBe('group:f0');
});

it('applies what was learnt to looks at hand, and takes it back without a trace', () => {
  const facings = [0, 1].map((column) => facingAt(column));
  const looks = [lookAt('f0', 2, 0, { cola: 0.4, tea: 0.3 }), lookAt('f1', 2, 0.05, { cola: 0.4, tea: 0.3 })];
  const before = identifyFacings(facings, looks, PRODUCTS);
  expect(before.map(({ identity }) => identity?.certainty)).toEqual(['not-sure', 'not-sure']);
  const { embedding, colour } = looks[0]!.look;
  const item = { id: 'user:1', productId: 'water', space: embedding.space, vector: embedding.vector, colour };
  const learnt = rematch(looks, { added: [item], removed: [] });
  expect(learnt[1]!.matches[0]).toMatchObject({ galleryId: 'user:1', productId: 'water' });
  const after = identifyFacings(facings, learnt, new Map([...PRODUCTS, ['water', productOf('water')]]));
  expect(after.map(({ identity }) => identity?.productId)).toEqual(['water', 'water']);
  expect(after.map(({ identity }) => identity?.certainty)).not.toContain('not-sure');
  const undone = rematch(learnt, { added: [], removed: ['user:1'] });
  expect(undone).toEqual(looks);
  expect(identifyFacings(facings, undone, PRODUCTS)).toEqual(before);
});

it('learns from whole, large and typical facings', () => {
  const cut = facingAt(0, { id: 'cut', box: { x: 0, y: 0.4, width: 0.09, height: 0.3 } });
  const small = facingAt(5, { id: 'small', box: { x: 0.5, y: 0.4, width: 0.02, height: 0.1 } });
  const [typical, other] = [facingAt(1), facingAt(2)];
  const looks = [
    lookAt('cut', 0, 0, {}),
    lookAt('small', 0, 0, {}),
    lookAt('f1', 0, 0.01, {}),
    lookAt('f2', 0, 0.6, {}),
    lookAt('f3', 0, 0, {}),
  ];
  const chosen = chooseExamples([cut, small, typical, other, facingAt(3)], looks);
  expect(chosen.map(({ id }) => id)).toEqual(['f1', 'f2']);
  expect(chooseExamples([cut], looks)).toEqual([cut]);
  expect(chooseExamples([facingAt(9)], looks)).toEqual([]);
});
