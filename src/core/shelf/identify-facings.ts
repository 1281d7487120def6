/** @file From looks to names: each facing by itself, then with its neighbours, then what nobody knows in groups. Pure; any thread. */
import type { Certainty, Product } from '../../contracts/product.ts';
import type { Facing, FacingIdentity, FacingLook } from '../../contracts/shelf.ts';
import { calibrationOf } from '../fuse/calibration.ts';
import { facingScore } from '../fuse/facing-score.ts';
import { groupUnknowns } from './group-unknowns.ts';
import { lookVector } from './look-vector.ts';
import { supportNeighbours, type Belief } from './neighbour-support.ts';

const MAX_CANDIDATES = 5;

/** Products by id; those that it does not know are no answer. */
export type ProductsById = ReadonlyMap<string, Product>;

/** What one facing is by its own look; its neighbours have not been asked. */
export function identifyAlone(look: FacingLook, products: ProductsById): FacingIdentity {
  return identityOf(ownProbabilities(look, products), look.look.embedding.space, 'look');
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
  const own = seen.map(({ facing, look, vector }): Belief => ({
    box: facing.box,
    vector,
    probabilities: saidByUser(facing) ?? ownProbabilities(look, products),
  }));
  const supported = supportNeighbours(own);
  const named = new Map(
    seen.map(({ facing, look }, i) => {
      if (facing.identity?.saidBy === 'user') return [facing.id, facing.identity];
      const { space } = look.look.embedding;
      const alone = identityOf(own[i]!.probabilities, space, 'look');
      const together = identityOf(supported[i]!.probabilities, space, 'neighbours');
      const isOwnWord = together.productId === alone.productId && together.certainty === alone.certainty;
      return [facing.id, isOwnWord ? { ...together, saidBy: 'look' as const } : together];
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

/** Products compete with each other and with "none of them", each by its best gallery photo: [Note: Choice model], with numbers of its own. */
function ownProbabilities({ look, matches }: FacingLook, products: ProductsById): ReadonlyMap<string, number> {
  const { score: weights, choice } = calibrationOf(look.embedding.space).facing;
  const utilities = new Map<string, number>();
  for (const match of matches) {
    // A gallery photo may outlive its product; it then names nothing.
    if (!products.has(match.productId)) continue;
    const utility = choice.score * (facingScore(match, look.front?.aspect ?? null, weights) - choice.none);
    utilities.set(match.productId, Math.max(utility, utilities.get(match.productId) ?? -Infinity));
  }
  const total = [...utilities.values()].reduce((sum, utility) => sum + Math.exp(utility), 1);
  return new Map([...utilities].map(([productId, utility]) => [productId, Math.exp(utility) / total]));
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
