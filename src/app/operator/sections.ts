/** @file The sections of the operator's page. One more is one component and one line here. Thread: page. */
import type { Component } from 'svelte';
import type { Role } from '../../contracts/keys-api.ts';
import { m } from '../../paraglide/messages.js';
import ArrivalsSection from './ArrivalsSection.svelte';
import AuditSection from './AuditSection.svelte';
import CollectionsSection from './CollectionsSection.svelte';
import ErasuresSection from './ErasuresSection.svelte';
import KeysSection from './KeysSection.svelte';
import LoadSection from './LoadSection.svelte';
import PacksSection from './PacksSection.svelte';
import StorageSection from './StorageSection.svelte';
import WebhooksSection from './WebhooksSection.svelte';

export interface OperatorSection {
  /** Last part of its address. */
  readonly id: string;
  readonly title: () => string;
  /** Least role whose key sees it. */
  readonly role: Role;
  readonly component: Component;
}

export const SECTIONS: readonly OperatorSection[] = [
  { id: 'collections', title: () => m.server_collections(), role: 'viewer', component: CollectionsSection },
  { id: 'load', title: () => m.operator_load(), role: 'operator', component: LoadSection },
  { id: 'storage', title: () => m.operator_storage(), role: 'operator', component: StorageSection },
  { id: 'packs', title: () => m.nav_packs(), role: 'viewer', component: PacksSection },
  { id: 'keys', title: () => m.operator_keys(), role: 'admin', component: KeysSection },
  { id: 'webhooks', title: () => m.operator_webhooks(), role: 'viewer', component: WebhooksSection },
  { id: 'erasures', title: () => m.operator_erasures(), role: 'operator', component: ErasuresSection },
  { id: 'arrivals', title: () => m.operator_arrivals(), role: 'admin', component: ArrivalsSection },
  { id: 'audit', title: () => m.operator_audit(), role: 'admin', component: AuditSection },
];
