/** Who may import whom: the table of docs/architecture.md, enforced. */
const only = (name, from, allowed, comment) => ({
  name,
  severity: 'error',
  comment,
  from: { path: `^${from}` },
  to: { pathNot: [`^${from}`, ...allowed], dependencyTypesNot: ['core'] },
});
const npm = (...names) => names.map((n) => `^node_modules/${n}(/|$)`);
module.exports = {
  forbidden: [
    // What a generator wrote is not ours to untie.
    { name: 'no-cycles', severity: 'error', from: { pathNot: '^src/clients/generated/' }, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, path: '^(src|workers|server)/', pathNot: ['\\.d\\.ts$', '^src/(main|sw)\\.ts$', '\\.worker\\.ts$'] },
      to: {},
    },
    only('contracts', 'src/contracts/', npm('zod', 'comlink'), 'contracts hold the vocabulary and nothing else'),
    {
      name: 'comlink-only-in-wire',
      severity: 'error',
      from: { path: '^src/contracts/', pathNot: 'wire\\.ts$' },
      to: { path: '^node_modules/comlink' },
    },
    only(
      'core',
      'src/core/',
      ['^src/contracts/', ...npm('zod', '@noble/ed25519', '@noble/hashes', 'csv-parse')],
      'core is pure functions on plain data',
    ),
    only('models', 'src/models/', ['^src/contracts/', '^src/core/'], 'models know no screen'),
    only('store', 'src/store/', ['^src/contracts/', '^src/core/', ...npm('idb', 'zod')], 'store knows no screen'),
    {
      name: 'workers-know-no-page',
      severity: 'error',
      from: { path: '^workers/' },
      to: { path: '^src/(app|lenses|ui|state|flow|clients|capture)/' },
    },
    {
      name: 'stages-are-runtime-neutral',
      severity: 'error',
      from: { path: '^workers/stages/' },
      to: { path: ['^workers/(?!stages/)', '^node_modules/(onnxruntime-|@tensorflow)'] },
    },
    {
      name: 'page-runs-no-model',
      severity: 'error',
      from: { path: '^src/(capture|clients|flow|state|ui|lenses|app)/' },
      to: { path: '^node_modules/(onnxruntime-|@tensorflow|tesseract|zxing-wasm|@techstark)' },
    },
    {
      name: 'clients-and-capture',
      severity: 'error',
      from: { path: '^src/(capture|clients)/' },
      to: { path: '^src/(app|lenses|ui|state|flow)/' },
    },
    { name: 'flow', severity: 'error', from: { path: '^src/flow/' }, to: { path: '^src/(app|lenses|ui|state)/' } },
    { name: 'state', severity: 'error', from: { path: '^src/state/' }, to: { path: '^(src/(app|lenses|ui|clients)/|workers/)' } },
    {
      name: 'ui-knows-no-domain',
      severity: 'error',
      from: { path: '^src/ui/' },
      to: { path: '^(src/(app|lenses|state|flow|clients|capture|store|models|core)/|workers/|server/)' },
    },
    {
      name: 'lens-stays-in-its-folder',
      severity: 'error',
      from: { path: '^src/lenses/([^/]+)/' },
      to: { path: '^src/lenses/(?!table\\.ts)', pathNot: '^src/lenses/$1/' },
    },
    { name: 'lens-knows-no-worker', severity: 'error', from: { path: '^src/lenses/' }, to: { path: '^(src/(app|clients)/|workers/)' } },
    {
      name: 'app-knows-no-worker',
      severity: 'error',
      from: { path: '^src/(app/|main\\.ts)' },
      to: { path: ['^workers/', '^src/clients/', '^src/lenses/(?!table\\.ts)'] },
    },
    {
      name: 'server',
      severity: 'error',
      from: { path: '^server/' },
      // A gallery photo is described in one way, on the phone and by the ingest of images.
      to: { path: ['^src/(?!contracts/|core/|models/registry\\.ts|flow/(enrol|direct-service)\\.ts)', '^workers/(?!stages/)'] },
    },
    { name: 'nobody-imports-tests', severity: 'error', from: { path: '^(src|workers|server)/' }, to: { path: '^tests/' } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['src/paraglide', '\\.svelte-kit'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.app.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      extensions: ['.ts', '.svelte', '.js', '.json'],
      conditionNames: ['import', 'svelte', 'browser', 'default'],
    },
  },
};
