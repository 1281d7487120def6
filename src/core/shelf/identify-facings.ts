/** @file From looks to names: each facing by itself, then with its neighbours, then what nobody knows in groups. Pure; any thread. */
import type { Certainty, Product } from '../../contracts/product.ts';
import type { Facing, FacingIdentity, FacingLook } from '../../contracts/shelf.ts';
import { calibrationOf } from '../fuse/calibration.ts';
import { facingScore } from '../fuse/facing-score.ts';
import { wordUtility } from '../fuse/product-words.ts';
import { groupUnknowns } from './group-unknowns.ts';
import { lookVector } from './look-vector.ts';
import { supportNeighbours, type Belief } from './neighbour-support.ts';

const MAX_CANDIDATES = 5;

/** Products by id; those that it does not know are no answer. */
export type ProductsById = ReadonlyMap<string, Product>;

/** What one facing is by its own look, and what was read on it; its neighbours have not been asked. */
export function identifyAlone(look: FacingLook, products: ProductsById): FacingIdentity {
  const { space } = look.look.embedding;
  const alone = identityOf(ownProbabilities(look, products), space, 'look');
  if (look.words !== undefined && !isSameAnswer(alone, identityOf(ownProbabilities({ ...look, words: [] }, products), space, 'look')))
    return { ...alone, saidBy: 'words' };
  const best = look.matches.find(({ productId }) => productId === alone.productId);
  return best?.computedOn === 'server' ? { ...alone, saidBy: 'server' } : alone;
}

/**
 * Name the facings of one photo.
 * @param looks of those that were looked at; the others stay as they are, and so does what the user said.
 */
export function identifyFacings(facings: readonly Facing[], looks: readonly FacingLook[], products: ProductsById): Facing[] {
  const byFacing = new Map(looks.map((look) => [look.facingId, look]));
  const seen = facings.flatMap((facing) => {
    const look = byFacing.get(facing.id);
    return look === undefined ? [] : [{ facing, look, vector: lookVector(look.look) }];
  });
  const own = seen.map(({ facing, look, vector }): Belief => {
    const byUser = saidByUser(facing);
    const { box } = facing;
    if (byUser !== null) return { box, vector, probabilities: byUser };
    const byLook = { box, vector, probabilities: ownProbabilities({ ...look, words: [] }, products) };
    return look.words === undefined ? byLook : { ...byLook, said: wordOdds(look) };
  });
  const supported = supportNeighbours(own);
  const knownHere = new Set(
    looks.flatMap(({ matches }) => matches.flatMap(({ computedOn, productId }) => (computedOn === 'device' ? productId : []))),
  );
  const named = new Map(
    seen.map(({ facing, look }, i) => {
      if (facing.identity?.saidBy === 'user') return [facing.id, facing.identity];
      const alone = identifyAlone(look, products);
      const together = asFarAsKnown(identityOf(supported[i]!.probabilities, look.look.embedding.space, 'neighbours'), knownHere);
      return [facing.id, isSameAnswer(together, alone) ? { ...together, saidBy: alone.saidBy } : together];
    }),
  );
  const groups = groupUnknowns(
    seen
      .filter(({ facing }) => named.get(facing.id)?.certainty === 'not-sure')
      .map(({ facing, vector }) => ({ facingId: facing.id, vector })),
  );
  return facings.map((facing) => {
    const identity = named.get(facing.id);
    return identity === undefined ? facing : { ...facing, identity: { ...identity, groupId: groups.get(facing.id) ?? null } };
  });
}

/** The user's word leaves no doubt. Null when the user said nothing. */
function saidByUser({ identity }: Facing): ReadonlyMap<string, number> | null {
  return identity?.saidBy === 'user' && identity.productId !== null ? new Map([[identity.productId, 1]]) : null;
}

/** A server is asked once for a whole group: that its facings agree on what only the server knows, makes it no surer. */
function asFarAsKnown(identity: FacingIdentity, knownHere: ReadonlySet<string>): FacingIdentity {
  const isFar = identity.productId !== null && !knownHere.has(identity.productId);
  return isFar && identity.certainty === 'sure' ? { ...identity, certainty: 'likely' } : identity;
}

function isSameAnswer(a: FacingIdentity, b: FacingIdentity): boolean {
  return a.productId === b.productId && a.certainty === b.certainty;
}

/**
 * Products compete with each other and with "none of them", each by its best gallery photo: [Note: Choice model], with numbers of its own. Words
 * speak as they do for a product in the hand.
 */
function ownProbabilities({ look, matches, words = [] }: FacingLook, products: ProductsById): ReadonlyMap<string, number> {
  const { score: weights, choice } = calibrationOf(look.embedding.space).facing;
  const said = wordOdds({ look, words });
  const utilities = new Map<string, number>();
  for (const match of matches) {
    // A gallery photo may outlive its product; it then names nothing.
    if (!products.has(match.productId)) continue;
    const seen = choice.score * (facingScore(match, look.front?.aspect ?? null, weights) - choice.none);
    const utility = seen + (said.get(match.productId) ?? 0);
    utilities.set(match.productId, Math.max(utility, utilities.get(match.productId) ?? -Infinity));
  }
  const total = [...utilities.values()].reduce((sum, utility) => sum + Math.exp(utility), 1);
  return new Map([...utilities].map(([productId, utility]) => [productId, Math.exp(utility) / total]));
}

/** By product, natural log. */
function wordOdds({ look, words = [] }: Pick<FacingLook, 'look' | 'words'>): ReadonlyMap<string, number> {
  const { choice } = calibrationOf(look.embedding.space);
  return new Map(words.map((each) => [each.productId, wordUtility(each, choice.words)]));
}

function identityOf(probabilities: ReadonlyMap<string, number>, space: string, saidBy: 'look' | 'neighbours'): FacingIdentity {
  const candidates = [...probabilities]
    .map(([productId, probability01]) => ({ productId, probability01 }))
    .sort((a, b) => b.probability01 - a.probability01 || (a.productId < b.productId ? -1 : 1))
    .slice(0, MAX_CANDIDATES);
  const [first] = candidates;
  const probability01 = first?.probability01 ?? 0;
  return {
    productId: first?.productId ?? null,
    ...{ probability01, candidates, saidBy },
    certainty: certaintyOf(probability01, space),
    groupId: null,
  };
}

function certaintyOf(probability01: number, space: string): Certainty {
  const { certainty } = calibrationOf(space).facing;
  if (probability01 < certainty.likely) return 'not-sure';
  return probability01 >= certainty.sure ? 'sure' : 'likely';
}
