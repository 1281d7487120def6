/** @file The server's settings: command line over environment over defaults, checked once. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { AppError } from '../src/contracts/errors.ts';

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
  /** The built app. */
  appFolder: z.string().min(1),
  /** Demo catalogue and pack; null: none is loaded. */
  demoFolder: z.string().min(1).nullable(),
  isLan: flag,
  /** Ask for the operator token even from this machine, e.g. behind a proxy. */
  isTokenAlwaysRequired: flag,
  /** Requests to /v1 a minute and client; this machine itself is not limited. */
  requestsPerMinute: z.coerce.number().int().min(1).max(1_000_000),
  /** Names that the server answers to besides this machine's own, e.g. behind a proxy. */
  allowedHosts: z.array(z.string().min(1).max(255)),
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
  --no-demo            do not load the demo catalogue
  --require-token      ask for the operator token for every write, also from this machine (use it behind a proxy)
  --allow-host <name>  answer to this host name too; may be given several times
  --log-level <level>  trace, debug, info, warn, error, fatal or silent (default info)

Each can be set by environment too: MEKIKI_LAN=1, MEKIKI_PORT, MEKIKI_TRUST_PORT, MEKIKI_HOST, MEKIKI_DATA, MEKIKI_NO_DEMO=1,
MEKIKI_REQUIRE_TOKEN=1, MEKIKI_ALLOW_HOSTS (comma-separated), MEKIKI_RATE_LIMIT (requests a minute), MEKIKI_LOG_LEVEL.`;

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
  const result = configSchema.safeParse({
    host: given['host'] ?? fromEnvironment('HOST') ?? (isLanWanted ? '::' : '127.0.0.1'),
    port: port ?? 8787,
    isPortFixed: port !== undefined,
    trustPort: given['trust-port'] ?? fromEnvironment('TRUST_PORT') ?? 8788,
    dataFolder: resolve(given['data'] ?? fromEnvironment('DATA') ?? join(ROOT, 'data')),
    appFolder: resolve(fromEnvironment('APP') ?? join(ROOT, 'dist')),
    demoFolder: noDemo || !existsSync(demo) ? null : demo,
    isLan,
    isTokenAlwaysRequired: given['require-token'] ?? fromEnvironment('REQUIRE_TOKEN') ?? false,
    requestsPerMinute: fromEnvironment('RATE_LIMIT') ?? 1200,
    allowedHosts: given['allow-host'] ?? (fromEnvironment('ALLOW_HOSTS') ?? '').split(',').filter((name) => name !== ''),
    logLevel: given['log-level'] ?? fromEnvironment('LOG_LEVEL') ?? 'info',
  });
  if (!result.success) throw new AppError('invalid-input', `A setting is wrong. ${z.prettifyError(result.error)}`);
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
        'no-demo': { type: 'boolean' },
        'require-token': { type: 'boolean' },
        'allow-host': { type: 'string', multiple: true },
        'log-level': { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw new AppError('invalid-input', error instanceof Error ? error.message : String(error), { cause: error });
  }
}
