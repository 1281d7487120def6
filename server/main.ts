/** @file The server process: read settings, open data, listen, print where, stop cleanly. */
import type { FastifyInstance } from 'fastify';
import QRCode from 'qrcode';
import { AppError } from '../src/contracts/errors.ts';
import { buildApp, type App } from './app.ts';
import { USAGE, readConfig, type ServerConfig } from './config.ts';
import { buildTrustApp } from './routes/trust.ts';
import type { LanCertificates } from './services/http/certificate-authority.ts';
import { loadDemo } from './services/demo-loader.ts';
import { lanAddresses } from './services/http/lan-addresses.ts';
import { describeError } from './services/watching/logging.ts';
import { compressFiles } from './services/http/compressed-files.ts';

/** Ports tried after the first when none was asked for. */
const PORT_TRIES = 20;
/** How often addresses and the certificate's end are looked at in LAN mode. */
const CERTIFICATE_CHECK_MS = 60_000;
/** After this long a stop is forced. */
const STOP_TIMEOUT_MS = 15_000;

/** Start everything. @returns what stops it. */
async function start(config: ServerConfig): Promise<() => Promise<void>> {
  let certificates = config.isLan ? await certificatesOf(config) : null;
  const app = await buildApp(config, certificates === null ? {} : { https: { key: certificates.key, cert: certificates.cert } });
  try {
    await preload(app, config);
    const { port, host } = await listen(app.http, config.host, config.port, config.isPortFixed);
    const stops: (() => Promise<void> | void)[] = [() => app.http.close()];
    let trustPort: number | null = null;
    if (certificates !== null) {
      const trust = await buildTrustApp({ config, certificates: () => certificates!, appPort: port });
      ({ port: trustPort } = await listen(trust, host, config.trustPort, false, [port]));
      stops.unshift(() => trust.close());
      const timer = setInterval(() => {
        void renewed(config, certificates!, app).then((next) => (certificates = next));
      }, CERTIFICATE_CHECK_MS).unref();
      stops.unshift(() => clearInterval(timer));
    }
    const abort = new AbortController();
    void compressFiles(config.appFolder, abort.signal).catch((error: unknown) =>
      app.http.log.warn({ err: error }, 'files are served uncompressed'),
    );
    stops.unshift(() => abort.abort());
    await announce({ config, app, host, port, trustPort, certificates });
    return async () => {
      for (const stop of stops) await stop();
    };
  } catch (error) {
    await app.http.close();
    throw error;
  }
}

/** Loaded here: what makes certificates takes a tenth of the time that a start takes. */
async function certificatesOf({ dataFolder }: ServerConfig): Promise<LanCertificates> {
  const { lanCertificates } = await import('./services/http/certificate-authority.ts');
  return lanCertificates(dataFolder, lanAddresses());
}

async function preload(app: App, config: ServerConfig): Promise<void> {
  if (config.demoFolder === null) return;
  try {
    const { status, products, items } = await loadDemo(config.demoFolder, app.services);
    if (status !== 'absent') console.log(`Demo catalogue: ${products} products, ${items} photos' vectors (${status}).`);
  } catch (error) {
    app.http.log.error({ err: error }, 'the demo catalogue was not loaded');
    if (error instanceof AppError) console.error(`The demo catalogue was not loaded. ${error.message}`);
  }
}

/** Where a server listens. */
interface Place {
  readonly host: string;
  readonly port: number;
}

/** @throws AppError('busy') when the port is taken and no other may be used. */
async function listen(http: FastifyInstance, host: string, first: number, isFixed: boolean, not: readonly number[] = []): Promise<Place> {
  for (let port = first; ; port++) {
    if (not.includes(port)) continue;
    try {
      await http.listen({ host, port, listenTextResolver: () => 'listening' });
      const address = http.server.address();
      return { host, port: typeof address === 'object' && address !== null ? address.port : port };
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      // A machine without IPv6.
      if ((code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL') && host === '::') return listen(http, '0.0.0.0', first, isFixed, not);
      if (code === 'EADDRINUSE' && !isFixed && port < first + PORT_TRIES) continue;
      if (code === 'EADDRINUSE')
        throw new AppError('busy', `Port ${port} is taken by another program. Stop it, or choose another with --port.`, { cause: error });
      if (code === 'EACCES')
        throw new AppError('permission-denied', `Port ${port} needs more rights. Choose one above 1024 with --port.`, { cause: error });
      if (code === 'EADDRNOTAVAIL') throw new AppError('invalid-input', `This machine has no address ${host}.`, { cause: error });
      throw error;
    }
  }
}

/** Re-issue the leaf when addresses changed or its end is near, and put it into service without a restart. */
async function renewed(config: ServerConfig, current: LanCertificates, app: App): Promise<LanCertificates> {
  try {
    const next = await certificatesOf(config);
    if (next.cert !== current.cert) {
      (app.http.server as unknown as { setSecureContext(options: { key: string; cert: string }): void }).setSecureContext({
        key: next.key,
        cert: next.cert,
      });
      app.http.log.info('certificate renewed');
    }
    return next;
  } catch (error) {
    app.http.log.error({ err: error }, 'the certificate could not be renewed');
    return current;
  }
}

interface Announcement {
  readonly config: ServerConfig;
  readonly app: App;
  readonly host: string;
  readonly port: number;
  readonly trustPort: number | null;
  readonly certificates: LanCertificates | null;
}

async function announce({ config, app, host, port, trustPort, certificates }: Announcement): Promise<void> {
  const collections = await app.services.store.list();
  const held = collections.map(({ name, count, space }) => `${name} ${count} (${space})`).join(', ');
  if (app.firstAdminKey !== null) console.log(`\n  The first admin key. It is shown this once; keep it:\n\n    ${app.firstAdminKey}\n`);
  const closed = app.services.copy?.refusal ?? null;
  if (closed !== null) console.log(`${closed} Meanwhile only GET /v1/health is answered.`);
  console.log(`Products: ${await app.services.products.count()}. Collections: ${held === '' ? 'none' : held}.`);
  if (config.isPortFixed || port === config.port) console.log('');
  else console.log(`Port ${config.port} is taken; using ${port}.\n`);
  if (certificates === null || trustPort === null) {
    const name = ['127.0.0.1', '0.0.0.0', '::', '::1'].includes(host) ? 'localhost' : host.includes(':') ? `[${host}]` : host;
    console.log(`  Mekiki is at  http://${name}:${port}/\n  API           http://${name}:${port}/v1/docs\n`);
    return;
  }
  const addresses = lanAddresses()
    .filter((address) => host !== '0.0.0.0' || !address.includes(':'))
    .map((address) => (address.includes(':') ? `[${address}]` : address));
  const [best = 'localhost'] = addresses;
  const trustUrl = `http://${best}:${trustPort}/trust`;
  console.log('  Mekiki is at');
  for (const address of [...addresses, 'localhost']) console.log(`    https://${address}:${port}/`);
  if (addresses.length === 0) console.log('    (no private network address found: is this machine connected?)');
  console.log(`\n  On each phone, once: open  ${trustUrl}  and follow the steps.`);
  console.log(await QRCode.toString(trustUrl, { type: 'terminal', small: true }));
  console.log(
    `  Fingerprint of the certificate authority (SHA-256), to compare with the one on the phone:\n    ${certificates.fingerprint}\n`,
  );
  console.log('  Phones may read. To write from another device, make a key: npm run keys -- create --role operator --name <who>\n');
}

async function main(): Promise<void> {
  const config = readConfig(process.argv.slice(2), process.env);
  if (config === 'help') {
    console.log(USAGE);
    return;
  }
  // Listened for from the first moment: whoever sees the address printed may stop the server at once.
  const starting = start(config);
  let isStopping = false;
  const end = () => {
    if (isStopping) return;
    isStopping = true;
    setTimeout(() => process.exit(1), STOP_TIMEOUT_MS).unref();
    void starting
      .then((stop) => stop())
      .then(
        () => process.exit(0),
        (error: unknown) => {
          console.error('Stopping failed.', describeError(error));
          process.exit(1);
        },
      );
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
  await starting;
}

main().catch((error: unknown) => {
  console.error(error instanceof AppError ? error.message : error);
  process.exit(error instanceof AppError && error.code === 'invalid-input' ? 2 : 1);
});
