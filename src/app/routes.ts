/** @file Addresses of the screens. Every screen but the first is loaded when it is first wanted. Thread: page. */
import { createRouter } from 'sv-router';
import HomePage from './HomePage.svelte';
import { setRouter } from './router.ts';

/** Not kept for offline use: only operators want it, and only with their server. */
const operatorPage = () => import('./operator/OperatorPage.svelte').catch(() => import('./OperatorOffline.svelte'));

setRouter(
  createRouter({
    '/': HomePage,
    '/capture': () => import('./CapturePage.svelte'),
    '/capture/:lens': () => import('./CapturePage.svelte'),
    '/result/:look': () => import('./ResultPage.svelte'),
    '/desk/:lens': () => import('./DeskPage.svelte'),
    '/desk/:lens/*path': () => import('./DeskPage.svelte'),
    '/library': () => import('./LibraryPage.svelte'),
    '/people': () => import('./PeoplePage.svelte'),
    '/people/:person': () => import('./PersonPage.svelte'),
    '/models': () => import('./ModelsPage.svelte'),
    '/packs': () => import('./PacksPage.svelte'),
    '/operator': operatorPage,
    '/operator/:section': operatorPage,
    '/privacy': () => import('./PrivacyPage.svelte'),
    '/server': () => import('./ServerPage.svelte'),
    '/settings': () => import('./SettingsPage.svelte'),
    '/about': () => import('./AboutPage.svelte'),
    '*notFound': () => import('./NotFoundPage.svelte'),
  }),
);
