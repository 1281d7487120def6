/** @file Why the server did not do it, in the operator's words. Thread: page. */
import type { AppError } from '../../contracts/errors.ts';
import { RowRefusal, ServerRefusal } from '../../contracts/server-api.ts';
import { m } from '../../paraglide/messages.js';
import { countText } from '../../ui/number-text.ts';

/** What happened and what to do next. */
export function refusalText(error: AppError): string {
  if (error instanceof RowRefusal) return m.operator_refused_row({ count: countText(error.durableRows) });
  if (!(error instanceof ServerRefusal)) return m[`error_${error.code}`]();
  switch (error.status) {
    case 401:
      return m.operator_refused_key();
    case 403:
      return error.problem?.code === 'server-refused' ? m.operator_refused_reader() : m.operator_refused_role();
    case 404:
      return m.operator_refused_gone();
    case 400:
    case 409:
    case 422:
      return m.operator_refused_input();
    case 413:
      return m.operator_refused_large();
    case 429:
    case 503:
      return m.operator_refused_busy();
    case 507:
      return m.operator_refused_full();
    default:
      return m.operator_refused_broken();
  }
}

/** The server's own words, in English; null: it said nothing. */
export function serverWords(error: AppError): string | null {
  if (error instanceof ServerRefusal) return error.problem?.detail ?? null;
  return error instanceof RowRefusal ? error.message : null;
}
