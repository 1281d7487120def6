/** @file The server's settings: command line over environment over defaults, checked once. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { AppError } from '../src/contracts/errors.ts';
import { EXACT_ROWS } from './vectors/index-plan.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const flag = z.union([z.boolean(), z.enum(['1', '0', 'true', 'false', '']).transform((text) => text === '1' || text === 'true')]);

const configSchema = z.strictObject({
  host: z.string().min(1).max(255),
  port: z.coerce.number().int().min(0).max(65_535),
  /** False: when the port is taken, the next free one is used. */
  isPortFixed: z.boolean(),
  /** Port of the plain-HTTP trust page in LAN mode. */
  trustPort: z.coerce.number().int().min(0).max(65_535),
  dataFolder: z.string().min(1),
  /** Where the vectors are, when other servers use them too; null: in the data folder. */
  indexUri: z.string().min(1).max(1000).nullable(),
  /** Only read the index; another server writes. */
  isReplica: flag,
  /** Origin of the server that writes, which a replica copies keys, rules, ends and packs from and asks for products. */
  writerUrl: z
    .url({ protocol: /^https?$/ })
    .refine((text) => new URL(text).origin === text, 'must be an origin without a path')
    .nullable(),
  /** Key of that server, of the role `replica`; from the environment only. */
  writerKey: z.string().min(1).nullable(),
  /** A replica that does not hear from its writer for so long answers nothing any more. */
  writerAbsenceMs: z.coerce
    .number()
    .int()
    .min(1_000)
    .max(366 * 86_400_000),
  /** The built app. */
  appFolder: z.string().min(1),
  /** Demo catalogue and pack; null: none is loaded. */
  demoFolder: z.string().min(1).nullable(),
  isLan: flag,
  /** A program on this machine counts as anybody else, e.g. behind a proxy. */
  isKeyAlwaysRequired: flag,
  /** Requests to /v1 a minute and client; this machine itself is not limited. */
  requestsPerMinute: z.coerce.number().int().min(1).max(1_000_000),
  /** A request must have arrived whole within this time. */
  requestMs: z.coerce.number().int().min(100).max(3_600_000),
  /** A connection on which nothing moves for so long is closed, e.g. of a client that never reads its answer. */
  idleMs: z.coerce.number().int().min(100).max(3_600_000),
  /** Base64 of 32 bytes; null: from a file. */
  masterKey: z.string().min(1).nullable(),
  /** Null: `master.key` in the data folder. */
  masterKeyFile: z.string().min(1).nullable(),
  /** Collections up to this many items are searched exactly, without a trained index. */
  exactRows: z.coerce.number().int().min(256).max(10_000_000),
  /** Phones and receipts may be given another signing key than before. */
  isSigningKeyNew: flag,
  /** Between hiding and erasing: searches that began before may still read. */
  erasePauseMs: z.coerce.number().int().min(0).max(3_600_000),
  /** Origins of other sites whose pages may call the API, e.g. `https://shop.example`. */
  allowedOrigins: z.array(
    z.url({ protocol: /^https?$/ }).refine((text) => new URL(text).origin === text, 'must be an origin without a path'),
  ),
  /** Names that the server answers to besides this machine's own, e.g. behind a proxy. */
  allowedHosts: z.array(z.string().min(1).max(255)),
  /** Processes that recognise images; null: half the cores, 1 to 4. */
  recognisers: z.coerce.number().int().min(1).max(64).nullable(),
  /** Shelf visits are kept for so many days after they were handed in. */
  shelfVisitDays: z.coerce.number().int().min(1).max(36_500),
  /** Pages of runners end after so many days at the latest. */
  raceGalleryDays: z.coerce.number().int().min(1).max(3_650),
  /** Webhooks and partners' models may be on this machine, over plain HTTP. */
  isLoopbackAllowed: flag,
  logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
});

/** Settings of one server. */
export type ServerConfig = z.infer<typeof configSchema>;

/** Text of `--help`. */
export const USAGE = `Mekiki's companion server

  npm start -- [options]

  --lan                serve HTTPS to phones on this network, with a certificate authority of its own
  --port <number>      port of the app (default 8787, or the next free one)
  --trust-port <n>     with --lan: port of the page that helps a phone to trust the certificate (default 8788)
  --host <address>     address to listen on (default 127.0.0.1; with --lan every address, IPv4 and IPv6)
  --data <folder>      where data is kept (default ./data)
  --index <uri>        where vectors are kept when several servers share them: a folder, s3://bucket/path or db://database
  --replica            only read that index; one other server writes to it (docs/deployment.md)
  --writer <url>       with --replica: the server that writes; MEKIKI_WRITER_KEY is a key of it, of the role replica
  --no-demo            do not load the demo catalogue
  --require-key        ask this machine for a key as well (use it behind a proxy)
  --allow-origin <url> let pages of this other site call the API; may be given several times
  --master-key-file <path>  key that wraps the keys of thumbnails (default: master.key in the data folder, made at first use)
  --new-signing-key    go on with another signing-key.pem than before; phones have to trust this server's packs anew
  --allow-host <name>  answer to this host name too; may be given several times
  --recognisers <n>    processes that recognise images of the developer API (default half the cores, 1 to 4; started at first use)
  --allow-loopback-calls  let webhooks and partners' models be on this machine, for development; else only HTTPS to public addresses
  --log-level <level>  trace, debug, info, warn, error, fatal or silent (default info)

Each can be set by environment too: MEKIKI_LAN=1, MEKIKI_PORT, MEKIKI_TRUST_PORT, MEKIKI_HOST, MEKIKI_DATA, MEKIKI_INDEX, MEKIKI_REPLICA=1, MEKIKI_WRITER, MEKIKI_WRITER_KEY,
MEKIKI_WRITER_ABSENCE_MS (a replica that does not hear from its writer for so long answers nothing any more; default 86400000), MEKIKI_NO_DEMO=1,
MEKIKI_REQUIRE_KEY=1, MEKIKI_ALLOW_HOSTS and MEKIKI_ALLOW_ORIGINS (comma-separated), MEKIKI_RATE_LIMIT (requests a minute), MEKIKI_MASTER_KEY (base64) or
MEKIKI_MASTER_KEY_FILE, MEKIKI_NEW_SIGNING_KEY=1, MEKIKI_ERASE_PAUSE_MS (pause before old table versions go), MEKIKI_EXACT_ROWS (larger collections get a
trained index; default 100000), MEKIKI_REQUEST_MS (a request must arrive within; default 30000), MEKIKI_IDLE_MS (a connection on which
nothing moves is closed; default 120000), MEKIKI_SHELF_VISIT_DAYS (shelf visits that phones handed in go after; default 400), MEKIKI_RACE_GALLERY_DAYS (pages of runners end after, at the latest; default 180), MEKIKI_RECOGNISERS, MEKIKI_ALLOW_LOOPBACK_CALLS=1, MEKIKI_LOG_LEVEL.`;

/**
 * @param args command line without program and script.
 * @returns settings, or `help` when they were asked for.
 * @throws AppError('invalid-input') that says which setting is wrong.
 */
export function readConfig(args: readonly string[], environment: Readonly<Record<string, string | undefined>>): ServerConfig | 'help' {
  const given = parse(args);
  if (given['help'] === true) return 'help';
  // An empty variable is as good as none.
  const fromEnvironment = (name: string) => environment[`MEKIKI_${name}`] || undefined;
  const isLan = given['lan'] ?? fromEnvironment('LAN') ?? false;
  const isLanWanted = isLan === true || isLan === '1' || isLan === 'true';
  const port = given['port'] ?? fromEnvironment('PORT');
  const demo = resolve(ROOT, 'public', 'demo');
  const noDemo = given['no-demo'] === true || fromEnvironment('NO_DEMO') === '1';
  const isReplica = given['replica'] ?? fromEnvironment('REPLICA') ?? false;
  const result = configSchema.safeParse({
    host: given['host'] ?? fromEnvironment('HOST') ?? (isLanWanted ? '::' : '127.0.0.1'),
    port: port ?? 8787,
    isPortFixed: port !== undefined,
    trustPort: given['trust-port'] ?? fromEnvironment('TRUST_PORT') ?? 8788,
    indexUri: given['index'] ?? fromEnvironment('INDEX') ?? null,
    isReplica,
    writerUrl: (given['writer'] ?? fromEnvironment('WRITER'))?.replace(/\/+$/, '') ?? null,
    writerKey: fromEnvironment('WRITER_KEY') ?? null,
    writerAbsenceMs: fromEnvironment('WRITER_ABSENCE_MS') ?? 86_400_000,
    dataFolder: resolve(given['data'] ?? fromEnvironment('DATA') ?? join(ROOT, 'data')),
    appFolder: resolve(fromEnvironment('APP') ?? join(ROOT, 'dist')),
    demoFolder: noDemo || isReplica === true || isReplica === '1' || !existsSync(demo) ? null : demo,
    isLan,
    isKeyAlwaysRequired: given['require-key'] ?? fromEnvironment('REQUIRE_KEY') ?? false,
    masterKey: fromEnvironment('MASTER_KEY') ?? null,
    masterKeyFile: given['master-key-file'] ?? fromEnvironment('MASTER_KEY_FILE') ?? null,
    exactRows: fromEnvironment('EXACT_ROWS') ?? EXACT_ROWS,
    isSigningKeyNew: given['new-signing-key'] ?? fromEnvironment('NEW_SIGNING_KEY') ?? false,
    erasePauseMs: fromEnvironment('ERASE_PAUSE_MS') ?? 60_000,
    allowedOrigins: given['allow-origin'] ?? (fromEnvironment('ALLOW_ORIGINS') ?? '').split(',').filter((origin) => origin !== ''),
    requestsPerMinute: fromEnvironment('RATE_LIMIT') ?? 1200,
    requestMs: fromEnvironment('REQUEST_MS') ?? 30_000,
    idleMs: fromEnvironment('IDLE_MS') ?? 120_000,
    allowedHosts: given['allow-host'] ?? (fromEnvironment('ALLOW_HOSTS') ?? '').split(',').filter((name) => name !== ''),
    recognisers: given['recognisers'] ?? fromEnvironment('RECOGNISERS') ?? null,
    shelfVisitDays: fromEnvironment('SHELF_VISIT_DAYS') ?? 400,
    raceGalleryDays: fromEnvironment('RACE_GALLERY_DAYS') ?? 180,
    isLoopbackAllowed: given['allow-loopback-calls'] ?? fromEnvironment('ALLOW_LOOPBACK_CALLS') ?? false,
    logLevel: given['log-level'] ?? fromEnvironment('LOG_LEVEL') ?? 'info',
  });
  if (!result.success) throw new AppError('invalid-input', `A setting is wrong. ${z.prettifyError(result.error)}`);
  if (result.data.isReplica && (result.data.writerUrl === null || result.data.writerKey === null))
    throw new AppError(
      'invalid-input',
      'A replica copies keys and rules from the server that writes. Say which by --writer, and give it a key by MEKIKI_WRITER_KEY. ' +
        'On the writer: npm run keys -- create --role replica --name <who>.',
    );
  return result.data;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        help: { type: 'boolean', short: 'h' },
        lan: { type: 'boolean' },
        port: { type: 'string' },
        'trust-port': { type: 'string' },
        host: { type: 'string' },
        data: { type: 'string' },
        index: { type: 'string' },
        replica: { type: 'boolean' },
        writer: { type: 'string' },
        'no-demo': { type: 'boolean' },
        'require-key': { type: 'boolean' },
        'master-key-file': { type: 'string' },
        'allow-origin': { type: 'string', multiple: true },
        'allow-host': { type: 'string', multiple: true },
        recognisers: { type: 'string' },
        'allow-loopback-calls': { type: 'boolean' },
        'new-signing-key': { type: 'boolean' },
        'log-level': { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw new AppError('invalid-input', error instanceof Error ? error.message : String(error), { cause: error });
  }
}
