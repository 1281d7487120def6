/** @file What an organiser would say of the race that a folder's photos show: how its numbers look, who starts. */
import { ANY_BIB, type BibFormat } from '../../src/contracts/race.ts';

/** Numbers that nobody in the folder wears, on a list that is made up: a race has many more starters than a few photos show. */
export const DISTRACTORS = 5000;

/** The letters that numbers begin with, and at least the digits that any race may have. */
export function formatOf(numbers: readonly string[]): BibFormat {
  const prefixes = [...new Set(numbers.flatMap((number) => /^[A-Z][A-Z-]*/.exec(number) ?? []))].slice(0, 50);
  const longest = Math.max(ANY_BIB.maxDigits, ...numbers.map((number) => number.replace(/\D/g, '').length));
  return { ...ANY_BIB, prefixes, maxDigits: Math.min(8, longest) };
}

/** The numbers and {@link DISTRACTORS} others that look like them; always the same ones. */
export function withDistractors(numbers: readonly string[]): string[] {
  const list = new Set(numbers);
  const models = [...list];
  if (models.length === 0) return [];
  const wanted = list.size + DISTRACTORS;
  let state = 7;
  for (let tries = 0; list.size < wanted && tries < wanted * 20; tries++) {
    const model = models[tries % models.length]!;
    list.add(
      model.replace(/\d/g, (digit, at: number) => {
        state = (state * 48271) % 2147483647;
        // A number does not begin with 0 where the model does not.
        return String(at === 0 && digit !== '0' ? 1 + (state % 9) : state % 10);
      }),
    );
  }
  return [...list];
}
