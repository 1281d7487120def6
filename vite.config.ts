/** @file How the app and its workers are built, served while developing, and previewed. */
import { paraglideVitePlugin } from '@inlang/paraglide-js';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';
import { VitePWA } from 'vite-plugin-pwa';

/** Shared memory (threads of the wasm runtimes) needs an isolated page; the server sends the same headers. */
const ISOLATION = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

/**
 * [Note: tfjs threads] The minifier renames the guarded `_scriptDir` of tfjs' threaded wasm; tfjs stringifies that function into blob
 * workers, where the new name does not exist, and `setBackend('wasm')` then hangs for ever. A global of our own survives both.
 */
function tfjsThreadsFix(): Plugin {
  return {
    name: 'tfjs-threads-fix',
    transform(code, id) {
      if (!id.includes('tfjs-backend-wasm-threaded-simd')) return null;
      return {
        code: code
          .replaceAll(/\b_scriptDir\b/g, 'globalThis.__tfScriptDir')
          .replaceAll(/var globalThis\.__tfScriptDir/g, 'globalThis.__tfScriptDir'),
        map: null,
      };
    },
  };
}

/** Worker code stands apart from the shell's, so that the service worker can tell what it must not precache. */
const WORKER_FILES = {
  entryFileNames: 'assets/workers/[name]-[hash].js',
  chunkFileNames: 'assets/workers/[name]-[hash].js',
  assetFileNames: 'assets/workers/[name]-[hash][extname]',
};

/** Code that only operators load stands apart as well: visitors' devices do not keep it. */
const OPERATOR_CODE = /\/src\/app\/operator\/|\/node_modules\/apache-arrow\//;

export default defineConfig({
  plugins: [
    paraglideVitePlugin({
      project: './project.inlang',
      outdir: './src/paraglide',
      strategy: ['globalVariable', 'baseLocale'],
      outputStructure: 'locale-modules',
    }),
    svelte(),
    VitePWA({
      strategies: 'injectManifest',
      srcDir: 'src',
      filename: 'sw.ts',
      registerType: 'prompt',
      injectRegister: false,
      injectManifest: {
        globPatterns: ['index.html', 'assets/*.{js,css}', 'icons/*.{svg,png}'],
        globIgnores: ['assets/workers/**', 'models/**', 'wasm/**', 'demo/**'],
      },
      manifest: {
        id: '/',
        name: 'Mekiki',
        short_name: 'Mekiki',
        description: 'What am I looking at? Products, labels and diets, read on your own device.',
        lang: 'en',
        start_url: '/',
        scope: '/',
        display: 'standalone',
        background_color: '#fafaf8',
        theme_color: '#1d4f8f',
        categories: ['food', 'shopping', 'utilities'],
        icons: [
          { src: '/icons/icon-192.png', sizes: '192x192', type: 'image/png', purpose: 'any' },
          { src: '/icons/icon-512.png', sizes: '512x512', type: 'image/png', purpose: 'any' },
          { src: '/icons/icon-maskable-512.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
          { src: '/icons/icon.svg', sizes: 'any', type: 'image/svg+xml', purpose: 'any' },
        ],
        shortcuts: [
          { name: 'Camera', short_name: 'Camera', url: '/capture', icons: [{ src: '/icons/icon-192.png', sizes: '192x192' }] },
          { name: 'Library', short_name: 'Library', url: '/library', icons: [{ src: '/icons/icon-192.png', sizes: '192x192' }] },
        ],
      },
    }),
  ],
  server: { headers: ISOLATION },
  preview: { headers: ISOLATION },
  optimizeDeps: { exclude: ['onnxruntime-web'] },
  worker: { format: 'es', plugins: () => [tfjsThreadsFix()], rolldownOptions: { output: WORKER_FILES } },
  build: {
    target: 'es2022',
    sourcemap: false,
    modulePreload: { polyfill: false },
    assetsInlineLimit: 2048,
    rolldownOptions: {
      output: {
        chunkFileNames: ({ moduleIds }) =>
          moduleIds.some((id) => OPERATOR_CODE.test(id)) ? 'assets/operator/[name]-[hash].js' : 'assets/[name]-[hash].js',
      },
    },
  },
});
