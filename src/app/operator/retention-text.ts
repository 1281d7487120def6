/** @file How long something is kept, in words. Thread: page. */
import type { Retention } from '../../contracts/server-api.ts';
import { m } from '../../paraglide/messages.js';
import { countText } from '../../ui/number-text.ts';

const DAY_S = 86_400;

/** @returns e.g. `30 days, at most 10,000`. */
export function retentionText(retention: Retention | null): string {
  const { maximumAgeS, maximumItems } = retention ?? { maximumAgeS: null, maximumItems: null };
  const parts = [
    ...(maximumAgeS === null ? [] : [ageText(maximumAgeS)]),
    ...(maximumItems === null ? [] : [m.operator_at_most({ count: countText(maximumItems) })]),
  ];
  return parts.length === 0 ? m.operator_no_limit() : parts.join(m.list_separator());
}

function ageText(seconds: number): string {
  const days = seconds / DAY_S;
  if (Number.isInteger(days)) return m.operator_days({ count: countText(days) });
  return m.operator_hours({ count: countText(Math.round((seconds / 3600) * 100) / 100) });
}
