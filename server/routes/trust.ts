/**
 * @file The trust page of LAN mode: how a phone comes to trust this server's certificate. It is served over plain HTTP on a port of its
 * own, because a phone that does not trust yet cannot open anything else; it holds no data and takes none.
 */
import { readFileSync } from 'node:fs';
import Fastify, { LogController, type FastifyInstance } from 'fastify';
import QRCode from 'qrcode';
import { requireOwnHost } from '../services/http/host-names.ts';
import { answerWithProblems, sendProblem } from '../services/http/errors-to-problems.ts';
import { logAnswers, loggerOptions } from '../services/watching/logging.ts';
import { inlineScriptHashes } from '../services/http/security-headers.ts';
import type { LanCertificates } from '../services/http/certificate-authority.ts';
import type { ServerConfig } from '../config.ts';

const asset = (name: string) => readFileSync(new URL(`../trust/${name}`, import.meta.url), 'utf8');

/** Path that answers over HTTPS to any origin: a page that can read it runs on a device that trusts the certificate. */
const CHECK_PATH = '/trust/check';

/** Add the trust check to the HTTPS application. */
export function trustCheckRoute(app: FastifyInstance): void {
  app.get(CHECK_PATH, { schema: { hide: true } }, async (_request, reply) => {
    reply.headers({ 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin', 'cache-control': 'no-store' });
    return { trusted: true };
  });
}

/** What the trust page needs to know. */
export interface TrustPageOptions {
  readonly config: ServerConfig;
  /** Read at each request: a leaf may have been re-issued, the authority stays. */
  readonly certificates: () => LanCertificates;
  /** Port of the HTTPS application. */
  readonly appPort: number;
}

/** Build the plain-HTTP application. */
export async function buildTrustApp({ config, certificates, appPort }: TrustPageOptions): Promise<FastifyInstance> {
  const app = Fastify({
    logger: loggerOptions(config),
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: 1024,
    requestTimeout: 10_000,
    forceCloseConnections: true,
  });
  app.removeAllContentTypeParsers();
  answerWithProblems(app);
  logAnswers(app);
  const [page, style] = [asset('trust.html'), asset('trust.css')];
  const scripts = inlineScriptHashes(page).join(' ');

  app.addHook('onRequest', async (request, reply) => {
    requireOwnHost(request, config);
    reply.headers({
      'content-security-policy': `default-src 'self'; script-src ${scripts}; img-src 'self' data:; connect-src 'self' https://${hostOf(request.headers.host)}:${appPort}; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
  });

  app.get('/trust', async (request, reply) => {
    const host = hostOf(request.headers.host);
    const self = `http://${host}:${request.socket.localPort ?? config.trustPort}/trust`;
    const html = fill(page, {
      fingerprint: certificates().fingerprint,
      appUrl: `https://${host}:${appPort}/`,
      checkUrl: `https://${host}:${appPort}${CHECK_PATH}`,
      pageUrl: self,
      qr: await QRCode.toDataURL(self, { margin: 1, width: 240 }),
    });
    return reply.type('text/html; charset=utf-8').send(html);
  });
  app.get('/trust/trust.css', async (_request, reply) => reply.type('text/css; charset=utf-8').send(style));
  app.get('/trust/mekiki-authority.crt', async (_request, reply) =>
    reply
      .type('application/x-x509-ca-cert')
      .header('content-disposition', 'attachment; filename="mekiki-authority.crt"')
      .send(certificates().authorityDer),
  );
  app.get('/trust/mekiki-authority.mobileconfig', async (_request, reply) =>
    reply
      .type('application/x-apple-aspen-config')
      .header('content-disposition', 'attachment; filename="mekiki-authority.mobileconfig"')
      .send(appleProfile(certificates())),
  );
  app.setNotFoundHandler((request, reply) => {
    if (request.method === 'GET' && request.url === '/') return reply.redirect('/trust');
    return sendProblem(reply, 404, 'invalid-input', 'Only the trust page is served here.');
  });
  await app.ready();
  return app;
}

/** An Apple configuration profile with one payload: the authority. */
function appleProfile({ authorityDer, fingerprint }: LanCertificates): string {
  const [outer, inner] = [uuidOf(fingerprint, 0), uuidOf(fingerprint, 8)];
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>PayloadContent</key>
  <array>
    <dict>
      <key>PayloadCertificateFileName</key><string>mekiki-authority.crt</string>
      <key>PayloadContent</key><data>${authorityDer.toString('base64')}</data>
      <key>PayloadDisplayName</key><string>Mekiki local authority</string>
      <key>PayloadIdentifier</key><string>local.mekiki.authority.certificate</string>
      <key>PayloadType</key><string>com.apple.security.root</string>
      <key>PayloadUUID</key><string>${inner}</string>
      <key>PayloadVersion</key><integer>1</integer>
    </dict>
  </array>
  <key>PayloadDescription</key><string>Lets this device open the Mekiki server of your own network over HTTPS. It vouches for private addresses and local names only.</string>
  <key>PayloadDisplayName</key><string>Mekiki local authority</string>
  <key>PayloadIdentifier</key><string>local.mekiki.authority</string>
  <key>PayloadRemovalDisallowed</key><false/>
  <key>PayloadType</key><string>Configuration</string>
  <key>PayloadUUID</key><string>${outer}</string>
  <key>PayloadVersion</key><integer>1</integer>
</dict>
</plist>
`;
}

/** A UUID (version 8) of 16 bytes of the fingerprint, so that the same authority is the same profile. */
function uuidOf(fingerprint: string, startByte: number): string {
  const hex = fingerprint.replaceAll(':', '').slice(startByte * 2, startByte * 2 + 32);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-A${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Host of a `Host` header that was already accepted, with brackets for IPv6. */
function hostOf(header: string | undefined): string {
  return (header ?? 'localhost').replace(/:\d+$/, '');
}

function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{\{(\w+)\}\}/g, (_match, name: string) => escapeHtml(values[name] ?? ''));
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
