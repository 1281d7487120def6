/** @file What an operator works with: the server behind the gate, and files of vectors on their way into it. Thread: page. */
import { createEgress, type EgressSettings } from '../clients/egress.ts';
import { createOperatorClient, type ListPage, type OperatorClient } from '../clients/operator-client.ts';
import type { Ledger } from '../store/ledger.ts';

export type { ListPage, OperatorClient };

/** @param secret of the operator's key. @returns the server that the settings name, or that served the app. */
export async function openOperator(
  page: { readonly ledger: Pick<Ledger, 'append'>; readonly settings: EgressSettings; readonly ownOrigin: string },
  secret: string,
): Promise<OperatorClient> {
  const origin = new URL((await page.settings.get('serverUrl')) || page.ownOrigin).origin;
  return createOperatorClient(createEgress(page), origin, secret);
}
