/** @file Which collections a key reaches, in words. Thread: page. */
import type { Role } from '../../contracts/keys-api.ts';
import { m } from '../../paraglide/messages.js';

/** @param collections null: every one that holds no persons. */
export function reachText(role: Role, collections: readonly string[] | null): string {
  if (role === 'admin') return m.operator_reach_all();
  return collections === null ? m.operator_reach_things() : collections.join(m.list_separator());
}
